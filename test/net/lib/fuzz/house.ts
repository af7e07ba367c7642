/**
 * One process of either program with random listeners, in which plays are given, several at a time.
 *
 *     lane 0: its own listeners, log and origin  \
 *     lane 1: the same listeners once more ...    } share nothing but the process
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinChunks } from '../exchange-lanes.ts';
import { freePorts } from '../ports.ts';
import { type RunningProxy, startProxy } from '../proxy-under-test.ts';
import { openSoon, openStage, type Peer, type Stage } from '../stage.ts';
import { receiveSyslog, type SyslogReceiver } from '../syslog.ts';
import { sleep } from '../wait.ts';
import type { DrawnListener } from './draw-listener.ts';
import { PLAIN } from './draw-play.ts';
import type { ClientStep, OriginAnswer, Play } from './play.ts';

const HEAD = `global
    maxconn 4000
    nbthread 1
    h1-case-adjust x-cap X-CAP
    h1-case-adjust content-length Content-LENGTH
defaults
    timeout connect 200ms
    timeout client 400ms
    timeout server 400ms
    timeout queue 250ms
    timeout http-request 350ms
    timeout http-keep-alive 350ms
    retries 1
`;

/** The longest of the timeouts, and some more. */
const MOST_MS = 1500;
const QUIET_MS = 45;
const MOST_LINE = 850;

const FILES: Readonly<Record<string, string>> = {
  '400.http': 'HTTP/1.0 400 Own\r\nContent-Type: text/plain\r\n\r\nown page\n',
  'empty.http': '',
};

interface Lane {
  readonly stage: Stage;
  readonly log: SyslogReceiver;
  readonly reset: () => Promise<void>;
  readonly close: () => void;
}

export interface House {
  readonly proxy: RunningProxy;
  readonly give: (lane: number, play: Play) => Promise<string>;
  readonly stop: () => Promise<void>;
}

export type Listeners = Readonly<Record<string, DrawnListener>>;

export async function openHouse(which: 'original' | 'ours', laneCount: number, listeners: Listeners): Promise<House> {
  const files = await mkdtemp(join(tmpdir(), 'tandem-fuzz-'));
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(files, name), content);
  const names = Object.keys(listeners);
  const [dead = 0, ...ports] = await freePorts(1 + laneCount * names.length);
  const lanes: Lane[] = [];
  let config = HEAD;
  for (let number = 0; number < laneCount; number++) {
    const log = await receiveSyslog();
    const { stage, originPort, reset, close } = await openStage();
    const own = Object.fromEntries(names.map((name, i) => [name, ports[number * names.length + i]!]));
    Object.assign(stage.ports, own);
    const known: Record<string, string | number> = { ORIGIN: originPort, DEAD: dead, LOG: log.port, FILES: files };
    for (const name of names) {
      const lines = listeners[name]!.lines.join('\n ');
      const text = `listen ${name}:${number}\n bind 127.0.0.1:${own[name]}\n ${lines}\n`;
      config += text.replace(/%(ORIGIN|DEAD|LOG|FILES)%/g, (_, word: string) => `${known[word]}`);
    }
    lanes.push({ stage, log, reset, close });
  }
  const stop = async (): Promise<void> => {
    for (const { log, close } of lanes) {
      close();
      await log.close();
    }
    await rm(files, { recursive: true, force: true });
  };
  const proxy = await startProxy(which, config, lanes[0]!.stage.ports[names[0]!]!).catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    proxy,
    give: (number, play) => give(lanes[number]!, play, listeners[play.at]!.mode),
    stop: async () => {
      await proxy.stop();
      await stop();
    },
  };
}

async function give(lane: Lane, play: Play, mode: 'http' | 'tcp'): Promise<string> {
  const { stage, log } = lane;
  await lane.reset();
  const from = log.lines().length;
  stage.onConnection = makeOrigin(stage, play.origin, mode);
  const rival = play.rival === undefined ? null : await openSoon(stage, play.at);
  if (rival !== null) {
    rival.send(play.rival!);
    await sleep(25);
  }
  const client = await openSoon(stage, play.at);
  await act(client, play.client);
  await waitForEnd(client);
  if (rival !== null) {
    rival.socket.end();
    await waitForEnd(rival);
  }
  const lines = (): readonly string[] => log.lines().slice(from);
  await waitForQuiet(() => [client, ...stage.origin].map(({ events }) => events.join()).join() + lines().join());
  return [
    `client: ${show(client)}`,
    ...(rival === null ? [] : [`rival: ${show(rival)}`]),
    ...(rival === null ? stage.origin.map(show) : splitRequests(stage.origin)).map((text) => `origin: ${text}`).sort(),
    ...lines()
      .map((line) => `log: ${maskLine(line)}`)
      .sort(),
  ].join('\n');
}

async function act(peer: Peer, steps: readonly ClientStep[]): Promise<void> {
  for (const step of steps) {
    if (typeof step === 'number') await sleep(step);
    else if (step === 'fin!') peer.socket.end();
    else if (step === 'reset!') peer.socket.resetAndDestroy();
    else if (typeof step === 'string') {
      if (peer.socket.writable) peer.send(step);
    } else await waitForAnswers(peer, step.answers);
  }
}

async function waitForAnswers(peer: Peer, count: number): Promise<void> {
  const end = performance.now() + 700;
  while (performance.now() < end && !hasEnded(peer)) {
    const text = peer.events.find((event) => event.startsWith('data')) ?? '';
    if ((text.match(/HTTP\/1\.[01] [2-5]\d\d/g) ?? []).length >= count) return;
    await sleep(4);
  }
}

function hasEnded(peer: Peer): boolean {
  return peer.events.some((event) => !event.startsWith('data'));
}

async function waitForEnd(peer: Peer): Promise<void> {
  const end = performance.now() + MOST_MS;
  while (performance.now() < end && !hasEnded(peer)) await sleep(6);
  if (!peer.socket.writableEnded) peer.socket.end();
}

/** Until nothing new was seen for a while; that nothing at all is logged is rare, and so waited for longer. */
async function waitForQuiet(state: () => string): Promise<void> {
  const start = performance.now();
  let last = state();
  let since = start;
  while (performance.now() - start < MOST_MS) {
    await sleep(8);
    const now = state();
    if (now !== last) since = performance.now();
    last = now;
    const patience = /<\d+>/.test(now) ? QUIET_MS : 12 * QUIET_MS;
    if (performance.now() - since >= patience) return;
  }
}

/** Answers in the order of the requests over all connections. */
function makeOrigin(stage: Stage, answers: readonly OriginAnswer[], mode: 'http' | 'tcp'): (peer: Peer) => void {
  let next = 0;
  return (peer) => {
    // A new connection begins a play of its own in mode tcp, where retries do not count.
    let text = '';
    let busy = false;
    const isOver = (): boolean => peer.socket.destroyed || peer.socket.writableEnded;
    const goOn = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      for (;;) {
        const answer =
          answers[next] ??
          (mode === 'tcp' ? { on: 'connect' as const, says: [] } : { on: 'request' as const, says: [PLAIN] });
        const request = takeRequest(text, answer.on, mode);
        if (request === null || isOver()) break;
        if (mode === 'tcp' && next >= answers.length) break;
        text = text.slice(request.length);
        next++;
        await say(peer, answer, request);
      }
      busy = false;
    };
    peer.socket.on('end', () => peer.socket.end());
    peer.socket.on('data', (data) => {
      text += data.toString('latin1');
      if (mode === 'tcp' || stage.origin.includes(peer)) void goOn();
    });
    void goOn();
  };
}

async function say(peer: Peer, { says, end }: OriginAnswer, request: string): Promise<void> {
  let saved = request.startsWith('HEAD ') ? '' : null;
  for (const said of says) {
    if (typeof said === 'number') {
      await sleep(said);
      continue;
    }
    if (peer.socket.destroyed || peer.socket.writableEnded) return;
    if (saved === null) {
      peer.send(said);
      continue;
    }
    // To HEAD the head alone.
    const before = saved.length;
    saved += said;
    peer.send(headsOf(saved).slice(before));
  }
  if (end === 'fin') peer.socket.end();
  else if (end === 'reset') peer.socket.resetAndDestroy();
}

/** Interim heads and the final one, without what follows. */
function headsOf(text: string): string {
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return text;
    const isInterim = /^HTTP\/1\.\d 1\d\d/.test(text.slice(at));
    at = end + 4;
    if (!isInterim) return text.slice(0, at);
  }
}

/** What there is to answer at the start of `text`, '' for the connection itself; null: nothing yet. */
function takeRequest(text: string, on: OriginAnswer['on'], mode: 'http' | 'tcp'): string | null {
  if (on === 'connect') return '';
  if (mode === 'tcp') return text === '' ? null : text;
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  if (on === 'head') return text.slice(0, end + 4);
  const head = text.slice(0, end + 2);
  if (/\r\ntransfer-encoding:/i.test(head)) {
    const last = /\r\n0+\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(`\r\n${text.slice(end + 4)}`);
    return last === null ? null : text.slice(0, end + 2 + last.index + last[0].length);
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return text.length < end + 4 + length ? null : text.slice(0, end + 4 + length);
}

function textOf(peer: Peer): string {
  const data = peer.events.find((event) => event.startsWith('data'));
  return data === undefined ? '' : joinChunks(JSON.parse(data.slice(5)));
}

/** How a connection ends, in order or by a reset, hangs on who was faster; so does what a reset takes along. */
function show(peer: Peer): string {
  const text = peer.events.some((event) => event.startsWith('data')) ? JSON.stringify(textOf(peer)) : '';
  return hasEnded(peer) ? `${text} and ended` : text;
}

/** Which of two idle connections serves a request is nobody's business. */
function splitRequests(peers: readonly Peer[]): string[] {
  return peers
    .flatMap((peer) => textOf(peer).split(/(?<![A-Za-z-])(?=[A-Za-z-]+ \S+ HTTP\/1\.\d\r\n)/))
    .map((text) => JSON.stringify(text));
}

function maskLine(line: string): string {
  return (
    line
      .replace(/^(<\d+>).*?haproxy\[\d+\]: /, '$1')
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1')
      .replace(/\[\d+\/[^\]]+\]/, '[DATE]')
      .replace(/<-1>/g, '<none>')
      .replace(/<\+?\d+>/g, (whole, at) => (at === 0 ? whole : '<N>'))
      .replace(
        / (\+?-?\d+(?:\/\+?-?\d+){2,4}) /,
        (_, times: string) => ` ${times.replace(/(-1)|\d+/g, (t) => (t === '-1' ? t : 'N'))} `,
      )
      .replace(/ \d+(\/\d+\/\d+\/\d+\/\+?\d+ \d+\/\d+)/, ' *$1')
      .replace(/ "" "" \d+ \d+ "/, ' "" "" PORT MS "')
      .replace(/" (-?\d+(?: \+?-?\d+){4}) ([\w-]{4}) \d+ /, (_, times: string, flags: string) => {
        return `" ${times.replace(/(-1)|\d+/g, (t) => (t === '-1' ? t : 'N'))} ${flags} * `;
      })
      // Whether a try that fails at once counts before its client is seen to leave is a matter of moments.
      .replace(/( CC.. .*\/)\d+( \d+\/\d+)/, '$1*$2')
      .replace(/(?=.*ts?c?=CC)(rc=)\d+/, '$1*')
      // A line is cut at a length that counts what is masked here.
      .slice(0, MOST_LINE)
      .trimEnd()
  );
}
