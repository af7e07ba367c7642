/** The check without `option httpchk`: passed as soon as the connection stands, which is then reset as HAProxy does. */
import { beginExchange } from './exchange.ts';
import { makeVerdict, type Probe } from './verdict.ts';

/** `preface` is sent once connected (the PROXY line of `send-proxy` servers), or empty. */
export function createTcpProbe(preface: string): Probe {
  return (to, limits, finish) =>
    beginExchange(
      to,
      limits,
      {
        onConnected: ({ socket, settle }) => {
          if (preface === '') settle(makeVerdict('L4OK'), 'abort');
          else socket.end(preface, () => settle(makeVerdict('L4OK')));
        },
      },
      finish,
    );
}
