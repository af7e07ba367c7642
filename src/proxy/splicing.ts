/**
 * When bytes are spliced from socket to socket instead of copied (manual: `option splice-auto|splice-request|
 * splice-response`, `nosplice`): in the directions that a configuration names, once a read has filled the whole buffer,
 * until little comes again. Small messages are cheaper to copy, whatever the configuration says; HAProxy looks at that
 * for `splice-auto` only.
 */
import type { GlobalConf, ProxyConf } from '../config/haproxy.ts';
import type { BodyMeter } from './http/http-body.ts';
import { PipePool } from './loop/pipes.ts';
import { NOTHING, type SocketEnd, UNSUITABLE } from './loop/socket-end.ts';

export const SPLICE_REQUEST = 1;
export const SPLICE_RESPONSE = 2;

/** Asked for at once; the pipe takes what it can hold. */
export const SPLICE_SIZE = 1 << 20;
/** A body with this length or more is spliced from the start. */
export const SPLICE_BODY = 1 << 17;
/** Less than this at a time is worth no pipe, and after some times is copied again. */
export const SPLICE_WORTH = 16384;
export const SPLICE_PATIENCE = 8;
/** Of one direction before others get their turn. */
const SPLICES_A_TURN = 8;
/** Result of `spliceBody`: there is more, in a later turn. */
export const MORE = 1;

/** Splices what `from` has of an HTTP body. Returns NOTHING, MORE, END or BROKEN; `to` may have an error afterwards. */
export function spliceBody(from: SocketEnd, to: SocketEnd, pipes: PipePool, body: BodyMeter): number {
  for (let splices = 0; from.readable && to.accepting && !body.done; splices++) {
    if (splices === SPLICES_A_TURN) return MORE;
    const n = to.spliceFrom(from, pipes, body.most(SPLICE_SIZE));
    if (n === UNSUITABLE) {
      body.streams = false;
      return MORE;
    }
    if (n < 0) return n;
    body.skip(n);
  }
  return NOTHING;
}

/** What both sides of a session ask for. */
export function spliceDirections({ splice: front }: ProxyConf, { splice: back }: ProxyConf): number {
  const auto = front.auto || back.auto;
  return (
    (auto || front.request || back.request ? SPLICE_REQUEST : 0) |
    (auto || front.response || back.response ? SPLICE_RESPONSE : 0)
  );
}

/** One worker's share of the pipes; null when nobody asks for splicing. */
export function preparePipes(
  { pipes }: GlobalConf,
  proxies: readonly ProxyConf[],
  processLimit: number,
  workers: number,
): PipePool | null {
  if (pipes.noSplice || !proxies.some(({ splice }) => splice.auto || splice.request || splice.response)) return null;
  const most = pipes.maxPipes ?? Math.ceil(processLimit / 4);
  return most === 0 ? null : new PipePool(Math.ceil(most / workers), pipes.size);
}
