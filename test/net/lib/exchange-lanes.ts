/**
 * Exchanges between a client, a proxy and an origin, many at a time, through the real HAProxy and through ours.
 *
 *     lane 0: listeners http:0, tcp:0 ... ---- origin 0 \
 *     lane 1: listeners http:1, tcp:1 ... ---- origin 1  } one process of each program
 *     ...                                               /
 *
 * The lanes of a program share nothing but the process: an exchange has its lane for itself, so that its log lines, its
 * connections and its turns of balancing are its own. What client, origin and log have seen becomes one text, with times,
 * ports and the count of all connections masked and chunked bodies written in one way; the texts of both programs must
 * be the same.
 */
import { freePorts } from './ports.ts';
import { type RunningProxy, startProxy } from './proxy-under-test.ts';
import { type Act, act, maskLine, openSoon, openStage, type Peer, type Stage } from './stage.ts';
import { receiveSyslog, type SyslogReceiver } from './syslog.ts';
import { sleep, waitUntil } from './wait.ts';

const WAIT_MS = 2500;

/** Answers to whole requests, in their order over all connections; behind the last one the origin is mute. */
export interface Answers {
  readonly answers: readonly string[];
  /** The connection ends behind each answer. */
  readonly closes?: boolean;
}

export interface Exchange {
  readonly name: string;
  /** Name of a listener of the configuration; `http` unless given. */
  readonly at?: string;
  readonly client: readonly Act[];
  /** A script for each connection, the last one for all further ones. Left out: every request is answered with ok. */
  readonly origin?: Answers | readonly (readonly Act[])[];
  /** Log lines to wait for; 1 unless given. */
  readonly lines?: number;
  /** Other clients of the same lane that are there before this one, with what they do. */
  readonly before?: readonly { readonly at?: string; readonly client: readonly Act[] }[];
  /** Left out of the comparison, where it hangs on what comes first. */
  readonly ignore?: 'origin' | 'ends';
}

export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** How long a lane is watched when all is said: an end that comes with an answer is there by then. */
const SETTLE_MS = 90;

interface Lane {
  readonly number: number;
  readonly stage: Stage;
  readonly reset: () => Promise<void>;
  readonly close: () => void;
}

export interface LaneHouse {
  readonly proxy: RunningProxy;
  readonly give: (lane: number, exchange: Exchange) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/**
 * `lane` makes the listeners of one: `%NAME%` stands for a listener's port, `%ORIGIN%` and `%DEAD%` for the origin's and
 * for one where nobody listens; every proxy name ends with `:%LANE%`.
 */
export async function openLanes(
  which: 'original' | 'ours',
  count: number,
  listeners: readonly string[],
  head: string,
  lane: string,
): Promise<LaneHouse> {
  const log = await receiveSyslog();
  const [dead = 0, ...ports] = await freePorts(1 + count * listeners.length);
  const lanes: Lane[] = [];
  let config = head.replaceAll('%LOG%', `${log.port}`);
  for (let number = 0; number < count; number++) {
    const { stage, originPort, reset, close } = await openStage();
    const own = Object.fromEntries(listeners.map((name, i) => [name, ports[number * listeners.length + i]!]));
    Object.assign(stage.ports, own);
    const known: Record<string, number> = { ...own, ORIGIN: originPort, DEAD: dead, LANE: number };
    config += lane.replace(/%(\w+)%/g, (_, name: string) => `${known[name]}`);
    lanes.push({ number, stage, reset, close });
  }
  const proxy = await startProxy(which, config, lanes[0]!.stage.ports[listeners[0]!]!);
  return {
    proxy,
    give: (number, exchange) => give(lanes[number]!, exchange, log),
    stop: async () => {
      await proxy.stop();
      await log.close();
      for (const { close } of lanes) close();
    },
  };
}

async function give(lane: Lane, exchange: Exchange, log: SyslogReceiver): Promise<string> {
  const { stage } = lane;
  await lane.reset();
  const from = log.lines().length;
  const lines = (): string[] => {
    const own = log.lines().slice(from);
    return own.filter((line) => / \[[^\]]+\] /.test(line) && line.includes(`:${lane.number} `));
  };
  const { origin = { answers: [ok, ok, ok, ok, ok, ok] } } = exchange;
  stage.onConnection = 'answers' in origin ? answerWhole(stage, origin) : playRoles(stage, origin);
  const others: Peer[] = [];
  for (const { at = 'http', client } of exchange.before ?? []) {
    const other = await openSoon(stage, at);
    others.push(other);
    await act(other, client, WAIT_MS);
  }
  const client = await openSoon(stage, exchange.at ?? 'http');
  await act(client, exchange.client, WAIT_MS);
  const wanted = exchange.lines ?? 1;
  await waitUntil('log lines', () => lines().length >= wanted, { deadlineMs: 2500 }).catch(() => {});
  await sleep(SETTLE_MS);
  const showEnds = exchange.ignore !== 'ends';
  // Whether a connection to an origin ends in order or by a reset hangs on who was faster.
  const show = (peer: Peer): string => showEvents(peer, showEnds).replace(/\b(?:end|reset)$/, 'ended');
  const seen = exchange.ignore === 'origin' ? [] : stage.origin.map(show).sort();
  return [
    ...[client, ...others].map((peer) => `client: ${showEvents(peer, showEnds)}`),
    ...seen.map((text) => `origin: ${text}`),
    ...lines()
      .map((line) => `log: ${maskLaneLine(line, lane.number)}`)
      .sort(),
  ].join('\n');
}

function playRoles(stage: Stage, roles: readonly (readonly Act[])[]): (peer: Peer) => void {
  return (peer) => void act(peer, roles[Math.min(stage.origin.length, roles.length) - 1] ?? [], WAIT_MS);
}

function answerWhole(stage: Stage, { answers, closes }: Answers): (peer: Peer) => void {
  let next = 0;
  return (peer) => {
    const start = stage.origin.length === 1 ? 0 : next;
    next = start;
    let text = '';
    let answered = 0;
    peer.socket.on('end', () => peer.socket.end());
    peer.socket.on('data', (data) => {
      text += data.toString('latin1');
      for (const whole = countWhole(text); answered < whole; answered++) {
        const answer = answers[next++];
        if (answer === undefined) return;
        peer.send(answer);
        if (closes) peer.socket.end();
      }
    });
  };
}

/** How many whole requests there are. */
export function countWhole(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; count++) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return count;
    const head = text.slice(at, end + 2).toLowerCase();
    const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
    const body = end + 4;
    const last = /\r\ntransfer-encoding: *chunked\r\n/.test(head) ? lengthOfChunked(text, body) : length;
    if (last < 0 || body + last > text.length) return count;
    at = body + last;
  }
  return count;
}

/** -1: not all of it is there. */
function lengthOfChunked(text: string, from: number): number {
  let at = from;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return -1;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (!(size >= 0)) return -1;
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', line);
      return end < 0 ? -1 : end + 4 - from;
    }
    at = line + 2 + size + 2;
  }
}

function showEvents(peer: Peer, ends: boolean): string {
  const shown = peer.events.filter((event) => event !== 'close' && (ends || event.startsWith('data')));
  return shown
    .map((event) => (event.startsWith('data') ? JSON.stringify(joinChunks(JSON.parse(event.slice(5)))) : event))
    .join(' | ');
}

/**
 * HAProxy cuts a body into chunks anew: a run of chunks is shown as one, its last chunk and trailers as they are. Of a body
 * that was cut off only its content is shown: the start of a chunk size or of trailers says nothing.
 */
export function joinChunks(text: string): string {
  const head = /\r\ntransfer-encoding: *chunked\r\n(?:[^\r\n]+\r\n)*\r\n/i.exec(text);
  if (!head) return text;
  const body = head.index + head[0].length;
  let at = body;
  let joined = '';
  for (let line = /^([\da-f]+)[^\r\n]*\r\n/i; ; ) {
    const size = line.exec(text.slice(at));
    if (!size) break;
    const length = Number.parseInt(size[1]!, 16);
    at += size[0].length;
    const trailers = /^(?:[^\r\n]+\r\n)*\r\n/.exec(text.slice(at));
    if (length === 0 && !trailers) break;
    if (length === 0) return `${text.slice(0, body)}<${joined}>0\r\n${joinChunks(text.slice(at))}`;
    joined += text.slice(at, at + length);
    at += length + 2;
    line = /^([\da-f]+)[^\r\n]*\r\n/i;
  }
  return `${text.slice(0, body)}<${joined}> and cut off`;
}

/** Also without the lane, and without the number of connections of the whole process. */
function maskLaneLine(line: string, lane: number): string {
  return maskLine(line)
    .trimEnd()
    .replaceAll(`:${lane} `, ' ')
    .replaceAll(`:${lane}/`, '/')
    .replace(/ \d+(\/\d+\/\d+\/\d+\/\+?\d+ \d+\/\d+)/, ' *$1');
}
