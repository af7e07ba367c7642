/** `timeout <which> <time>` (manual, chapter 4.2). */
import { type KeywordRow, rowsFor } from '../keyword.ts';
import type { ProxyNode, TimeoutSettings } from '../nodes.ts';
import { time } from '../units.ts';
import { anyProxy, backSide, frontSide } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();

function timeoutRow(
  which: string,
  contexts: readonly string[],
  since: string,
  key: keyof TimeoutSettings | null,
  doc: string,
): KeywordRow<ProxyNode> {
  const name = `timeout ${which}`;
  const row = proxyRow(name, contexts, {
    args: [time()],
    since,
    doc,
    usage: `'${name}' expects an integer value (in milliseconds)`,
    ok: [`${name} 5s`, `${name} 5000`],
    bad: [
      [`${name} 5x`, 'bad-time'],
      [name, 'missing-argument'],
      [`${name} 50000000s`, 'time-overflow'],
      [`${name} 1s 2s`, 'extra-argument'],
    ],
    ...(key && {
      apply(node: ProxyNode, _call: unknown, ms: number) {
        node.timeouts[key] = ms;
      },
    }),
  });
  return row;
}

export const timeoutRows: readonly KeywordRow<ProxyNode>[] = [
  timeoutRow('client', frontSide, '1.3', 'client', 'Longest silence of a client.'),
  timeoutRow('server', backSide, '1.3', 'server', 'Longest silence of a server.'),
  timeoutRow('connect', backSide, '1.3', 'connect', 'Longest wait for a connection to a server.'),
  timeoutRow('client-fin', frontSide, '1.5', 'clientFin', 'Longest silence of a client that closed one direction.'),
  timeoutRow('server-fin', backSide, '1.5', 'serverFin', 'Longest silence of a server that closed one direction.'),
  timeoutRow('http-request', anyProxy, '1.3', 'httpRequest', 'Longest wait for a complete request header.'),
  timeoutRow('http-keep-alive', anyProxy, '1.4', 'httpKeepAlive', 'Longest wait for the next request.'),
  timeoutRow('queue', backSide, '1.3', 'queue', 'Longest wait for a free connection slot.'),
  timeoutRow('check', backSide, '1.3', 'check', 'Additional read timeout of health checks.'),
  timeoutRow('tunnel', backSide, '1.5', 'tunnel', 'Longest silence of a tunnel in both directions.'),
  timeoutRow('tarpit', anyProxy, '1.3', null, 'How long a tarpitted request is kept waiting.'),
  timeoutRow('client-hs', frontSide, '2.9', null, 'Longest TLS handshake with a client.'),
];
