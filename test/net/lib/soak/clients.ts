/**
 * What the clients of a soak do, one after another and again: requests that must succeed to the last byte, and requests
 * that are cut, late, broken or meet a server that fails, of which only the manner of failing is looked at.
 *
 * A client throws when it sees what no proxy may do: bytes of another answer, a half answer taken for a whole one, a
 * failure where nothing failed.
 */
import { sleep } from '../wait.ts';
import { Link } from './link.ts';
import { bodyOf, checksum } from './origins.ts';

export interface SoakPorts {
  /** HTTP whose server never fails; HTTP whose servers come and go; TCP. */
  readonly steady: number;
  readonly shaky: number;
  readonly tcp: number;
}

export interface Tally {
  count(what: string): void;
}

const chance = (part: number): boolean => Math.random() < part;
const below = (most: number): number => Math.floor(Math.random() * most);
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
const sizes = [0, 1, 100, 3000, 15_000, 60_000, 300_000];
let lastId = 0;
const newId = (): string => `${++lastId}`;

function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: soak\r\n${fields}\r\n`;
}

function demand(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

/** Several requests on one connection. A rested connection may have been closed under a request: that one goes anew. */
async function keepAlive({ steady }: SoakPorts, tally: Tally): Promise<void> {
  let link = new Link(steady);
  let fresh = true;
  for (let n = 1 + below(8); n > 0; ) {
    const [id, size, how] = [newId(), pick(sizes), pick(['sized', 'chunked', 'slow', 'close'])];
    link.send(get(`/d/${size}/${id}/${how}`));
    const answer = await link.readAnswer();
    if (answer === null) {
      demand(!fresh, `no answer to ${id} on a new connection`);
      link.cut();
      link = new Link(steady);
      fresh = true;
      tally.count('rested connection closed');
      continue;
    }
    demand(answer.status === 200 && answer.whole, `${id}: ${answer.status}, ${answer.body.length} of ${size} bytes`);
    demand(answer.body.equals(bodyOf(id, size)), `${id}: the body is another one`);
    tally.count('keep-alive');
    fresh = false;
    n--;
    if (chance(0.3)) await sleep(below(60));
  }
  if (chance(0.2)) link.cut();
  else await link.leave();
}

async function closing({ steady }: SoakPorts, tally: Tally): Promise<void> {
  const [id, size] = [newId(), pick(sizes)];
  const link = new Link(steady);
  link.send(get(`/d/${size}/${id}/sized`, 'Connection: close\r\n'));
  const answer = await link.readAnswer();
  demand(answer !== null && answer.status === 200, `closing ${id}: ${answer?.status}`);
  demand(answer!.body.equals(bodyOf(id, size)), `${id}: the body is another one`);
  tally.count('close');
  await link.leave();
}

/** What came before the connection is closed (by a reload, say) must be the right answers in their order. */
async function pipelined({ steady }: SoakPorts, tally: Tally): Promise<void> {
  const ids = Array.from({ length: 2 + below(6) }, newId);
  const link = new Link(steady);
  link.send(ids.map((id) => get(`/d/500/${id}/sized`)).join(''));
  for (const [i, id] of ids.entries()) {
    const answer = await link.readAnswer();
    if (answer === null && i > 0) {
      tally.count('pipeline cut short');
      break;
    }
    demand(answer?.status === 200 && answer.whole, `pipelined ${id}: ${answer?.status}`);
    demand(answer!.body.equals(bodyOf(id, 500)), `pipelined ${id}: the body is another one`);
    tally.count('pipelined');
  }
  await link.leave();
}

async function upload({ steady }: SoakPorts, tally: Tally): Promise<void> {
  const id = newId();
  const body = bodyOf(id, pick(sizes));
  const link = new Link(steady);
  if (chance(0.5)) {
    link.send(`POST /u/${id} HTTP/1.1\r\nHost: soak\r\nContent-Length: ${body.length}\r\n\r\n`);
    const half = below(body.length + 1);
    link.send(body.subarray(0, half));
    if (chance(0.3)) await sleep(below(50));
    link.send(body.subarray(half));
  } else {
    link.send(`POST /u/${id} HTTP/1.1\r\nHost: soak\r\nTransfer-Encoding: chunked\r\n\r\n`);
    for (let at = 0; at < body.length; ) {
      const part = body.subarray(at, at + 1 + below(20_000));
      link.send(`${part.length.toString(16)}\r\n`);
      link.send(part);
      link.send('\r\n');
      at += part.length;
    }
    link.send('0\r\n\r\n');
  }
  const answer = await link.readAnswer();
  demand(answer?.status === 200, `upload ${id}: ${answer?.status}`);
  demand(answer!.body.toString() === checksum(body), `upload ${id}: other bytes arrived`);
  tally.count('upload');
  await link.leave();
}

async function slowly({ steady }: SoakPorts, tally: Tally): Promise<void> {
  const id = newId();
  const link = new Link(steady);
  const request = get(`/d/200/${id}/sized`);
  for (let at = 0; at < request.length; at += 6) {
    link.send(request.slice(at, at + 6));
    await sleep(3);
  }
  const answer = await link.readAnswer();
  demand(answer?.status === 200 && answer.body.equals(bodyOf(id, 200)), `slow ${id}: ${answer?.status}`);
  tally.count('slow head');
  await link.leave();
}

/** Reads a large answer late, or not at all. */
async function readsLate({ steady }: SoakPorts, tally: Tally): Promise<void> {
  const id = newId();
  const link = new Link(steady);
  link.socket.pause();
  link.send(get(`/d/1000000/${id}/sized`, 'Connection: close\r\n'));
  await sleep(100 + below(200));
  if (chance(0.4)) {
    link.cut();
    tally.count('answer not read');
    return;
  }
  link.socket.resume();
  const answer = await link.readAnswer();
  demand(answer?.body.equals(bodyOf(id, 1_000_000)) === true, `late ${id}: ${answer?.body.length} bytes`);
  tally.count('read late');
  await link.leave();
}

const beginnings = [
  '',
  'GE',
  'GET / HTTP/1.1\r\nHo',
  get('/d/100000/0/slow'),
  'POST /u/0 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf',
  'POST /u/0 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
];

async function abandons(ports: SoakPorts, tally: Tally): Promise<void> {
  const link = new Link(chance(0.5) ? ports.steady : ports.shaky);
  link.send(pick(beginnings));
  await sleep(below(40));
  if (chance(0.6)) link.cut();
  else await link.leave();
  tally.count('abandoned');
}

async function nonsense({ steady }: SoakPorts, tally: Tally): Promise<void> {
  const link = new Link(steady);
  link.send(pick(['\x16\x03\x01\x02\0\x01\0', 'GET  /\r\n\r\n', get('/', 'Bad : x\r\n'), 'x'.repeat(20_000)]));
  const answer = await link.readAnswer();
  demand(answer === null || answer.status === 400, `nonsense: ${answer?.status}`);
  tally.count('bad request');
  link.cut();
}

/** Servers that cut, reset, restart: the client is told by a status, or by a connection that ends too early. */
async function shaken({ shaky }: SoakPorts, tally: Tally): Promise<void> {
  const [id, size, how] = [newId(), pick(sizes), pick(['sized', 'chunked', 'cut', 'reset', 'slow'])];
  const link = new Link(shaky);
  link.send(get(`/d/${size}/${id}/${how}`));
  const answer = await link.readAnswer();
  if (answer === null) tally.count('shaky: no answer');
  else if (answer.status !== 200) {
    demand([502, 503, 504].includes(answer.status), `shaky ${id}: ${answer.status}`);
    tally.count(`shaky: ${answer.status}`);
  } else {
    demand(answer.body.equals(bodyOf(id, size).subarray(0, answer.body.length)), `shaky ${id}: another body`);
    demand(!answer.whole || answer.body.length === size, `shaky ${id}: half a body taken for a whole one`);
    tally.count(answer.whole ? 'shaky: 200' : 'shaky: 200, cut');
  }
  if (chance(0.5)) link.cut();
  else await link.leave();
}

async function overTcp({ tcp }: SoakPorts, tally: Tally): Promise<void> {
  const link = new Link(tcp);
  for (let n = 1 + below(4); n > 0; n--) {
    const bytes = bodyOf(newId(), 1 + pick(sizes));
    link.send(bytes);
    const back = await link.readBytes(bytes.length);
    demand(back.equals(bytes), `tcp: ${back.length} of ${bytes.length} bytes, or others`);
    tally.count('tcp');
    if (chance(0.1)) {
      link.cut();
      return;
    }
  }
  await link.leave();
}

async function idles({ steady }: SoakPorts, tally: Tally): Promise<void> {
  const link = new Link(steady);
  await sleep(below(800));
  link.cut();
  tally.count('idle');
}

/** The more often one is named, the more often it happens. */
const activities = [
  keepAlive,
  keepAlive,
  keepAlive,
  closing,
  closing,
  pipelined,
  upload,
  upload,
  slowly,
  readsLate,
  abandons,
  abandons,
  nonsense,
  shaken,
  shaken,
  overTcp,
  overTcp,
  idles,
];

/** Does one thing after another until told to stop. What must not be is collected. */
export async function runClient(ports: SoakPorts, tally: Tally, faults: string[], going: () => boolean): Promise<void> {
  while (going()) {
    try {
      await pick(activities)(ports, tally);
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
    await sleep(below(20));
  }
}
