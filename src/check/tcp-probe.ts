/** The check without `option httpchk`: passed as soon as the connection stands, which is then reset as HAProxy does. */
import type { ProxyHeaderConf } from '../config/server-link.ts';
import { beginExchange } from './exchange.ts';
import { makeVerdict, type Probe } from './verdict.ts';

/** `header`: the PROXY header of `send-proxy` servers, or null. */
export function createTcpProbe(header: ProxyHeaderConf | null): Probe {
  return (to, limits, finish) =>
    beginExchange(
      to,
      limits,
      {
        onConnected: ({ socket, settle }) => {
          if (header === null) settle(makeVerdict('L4OK'), 'abort');
          else socket.end(() => settle(makeVerdict('L4OK')));
        },
      },
      finish,
      header,
    );
}
