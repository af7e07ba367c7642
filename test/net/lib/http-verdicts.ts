/** Sends the tables of http1-cases.ts through a running proxy and reports its verdicts. */
import {
  type ChunkCase,
  chunkCases,
  type RequestCase,
  type ResponseCase,
  requestCases,
  responseCases,
} from '../../unit/wire/http1-cases.ts';
import { countChunkedRequest, exchange, type Origin, plainAnswer } from './raw-http.ts';

/** One proxy in front of one origin, with short timeouts. */
export function verdictConfig(port: number, originPort: number, extra = ''): string {
  return `
defaults
  mode http
  timeout connect 2s
  timeout client 3s
  timeout server 3s
  timeout http-request 3s
${extra}
listen under-test
  bind 127.0.0.1:${port}
  server origin 127.0.0.1:${originPort}
`;
}

export interface Verdict {
  readonly name: string;
  readonly wanted: unknown;
  readonly got: unknown;
}

/** Which answer of a case counts. */
export type Judge = 'original' | 'ours';

export async function judgeRequests(port: number, origin: Origin, judge: Judge): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const one of requestCases) verdicts.push(...(await judgeRequest(port, origin, judge, one)));
  return verdicts;
}

async function judgeRequest(port: number, origin: Origin, judge: Judge, one: RequestCase): Promise<Verdict[]> {
  origin.forget();
  origin.answer = plainAnswer;
  const wanted = judge === 'original' ? (one.haproxy?.status ?? one.status) : one.status;
  if (wanted === 'other') return [];
  const { status } = await exchange(port, one.raw);
  const verdicts: Verdict[] = [{ name: one.name, wanted, got: status }];
  const [seen = ''] = origin.received();
  if (wanted !== 200) verdicts.push({ name: `${one.name}: nothing reaches the server`, wanted: '', got: seen });
  if (one.forwarded !== undefined) {
    const head = seen.slice(0, seen.indexOf('\r\n\r\n') + 4);
    const asWanted = judge === 'original' ? (one.haproxyForwards ?? one.forwarded) : one.forwarded;
    verdicts.push({ name: `${one.name}: as forwarded`, wanted: asWanted, got: head });
  }
  return verdicts;
}

/** A bad chunk behind a good head: the server waits for the end of the body, so that the proxy's verdict comes first. */
export async function judgeChunks(port: number, origin: Origin, judge: Judge): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  origin.answer = plainAnswer;
  for (const one of chunkCases) {
    if (judge === 'original' && one.haproxy === 'unsteady') continue;
    origin.forget();
    origin.countRequests = countChunkedRequest;
    const raw = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${one.body}`;
    const { status } = await exchange(port, raw);
    verdicts.push({ name: `chunks, ${one.name}`, wanted: wantedChunkStatus(one, judge), got: status });
  }
  return verdicts;
}

function wantedChunkStatus(one: ChunkCase, judge: Judge): number {
  return one.valid || (judge === 'original' && one.haproxy === 'accepts') ? 200 : 400;
}

export async function judgeResponses(port: number, origin: Origin, judge: Judge): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const one of responseCases) verdicts.push(...(await judgeResponse(port, origin, judge, one)));
  origin.answer = plainAnswer;
  origin.closes = false;
  return verdicts;
}

async function judgeResponse(port: number, origin: Origin, judge: Judge, one: ResponseCase): Promise<Verdict[]> {
  origin.forget();
  origin.answer = one.raw;
  origin.closes = true;
  const wanted = judge === 'original' ? (one.haproxy?.status ?? one.status) : one.status;
  const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  const { text } = await exchange(port, request, { enough: (got) => got.includes('\r\n\r\n') });
  const own = / 502 Bad Gateway\r\n/.test(text);
  const verdicts: Verdict[] = [{ name: `response, ${one.name}`, wanted: wanted === 502, got: own }];
  if (one.forwarded !== undefined) {
    const head = `${text.slice(0, text.indexOf('\r\n\r\n') + 2).replace('connection: close\r\n', '')}\r\n`;
    verdicts.push({ name: `response, ${one.name}: as forwarded`, wanted: one.forwarded, got: head });
  }
  return verdicts;
}

/** The verdicts that are not as wanted: an empty list is a success. */
export function mismatches(verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.filter((verdict) => verdict.wanted !== verdict.got);
}
