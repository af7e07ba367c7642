/**
 * Judges the response to an HTTP check.
 *
 * A judge is called with all bytes so far, again whenever there are more. It answers null while it cannot say. Without
 * an expectation on the body the head is enough; with one, the whole body is waited for, up to the buffer's size.
 */
import type { HttpExpect } from '../config/haproxy.ts';
import { parseResponseHead, responseHasBody } from '../wire/http1.ts';
import { CHUNK_BAD, CHUNK_DONE, ChunkDecoder } from '../wire/http1-chunk.ts';
import { Head, INCOMPLETE, METHOD_GET, METHOD_HEAD } from '../wire/http1-head.ts';
import { makeVerdict, readText, type Verdict } from './verdict.ts';

/** `complete`: no more bytes will come, or no more are looked at. */
export type ResponseJudge = (bytes: Buffer, complete: boolean) => Verdict | null;

interface Response {
  readonly status: number;
  readonly reason: string;
  readonly body: Buffer;
  readonly bodyComplete: boolean;
}

export function createResponseJudge(expect: HttpExpect | null, asksHead: boolean): ResponseJudge {
  const method = asksHead ? METHOD_HEAD : METHOD_GET;
  const head = new Head();
  const judge = expect && isAboutBody(expect) ? createBodyJudge(expect) : createStatusJudge(expect);
  return (bytes, complete) => {
    const response = readResponse(head, method, bytes, complete);
    if (response === 'invalid') return makeVerdict('L7RSP');
    return response === 'incomplete' ? null : judge(response);
  };
}

function isAboutBody(expect: HttpExpect): boolean {
  return expect.match === 'string' || expect.match === 'rstring';
}

function createStatusJudge(expect: HttpExpect | null): (response: Response) => Verdict {
  const wanted = expect ? createStatusTest(expect) : (status: number) => status >= 200 && status < 400;
  const negate = expect?.negate ?? false;
  return ({ status, reason }) =>
    wanted(status) === negate ? makeVerdict('L7STS', reason, status) : makeVerdict('L7OK', '', status);
}

/** `status` takes codes and ranges: "200,204,300-399". */
function createStatusTest(expect: HttpExpect): (status: number) => boolean {
  if (expect.match === 'rstatus') {
    const pattern = new RegExp(expect.pattern);
    return (status) => pattern.test(String(status));
  }
  const ranges = expect.pattern.split(',').map((part) => part.split('-').map(Number));
  return (status) => ranges.some(([low, high]) => status >= low! && status <= (high ?? low!));
}

function createBodyJudge(expect: HttpExpect): (response: Response) => Verdict | null {
  const contains = createBodyTest(expect);
  const failure = expect.negate ? 'HTTP check matched unwanted content' : 'HTTP content check did not match';
  return ({ status, body, bodyComplete }) => {
    if (!bodyComplete) return null;
    if (body.length === 0) return makeVerdict('L7RSP', 'HTTP content check could not find a response body');
    return contains(body) === expect.negate ? makeVerdict('L7RSP', failure) : makeVerdict('L7OK', '', status);
  };
}

/** Patterns are applied to bytes: both sides are read as Latin-1, so that any encoding matches itself. */
function createBodyTest(expect: HttpExpect): (body: Buffer) => boolean {
  if (expect.match === 'string') return (body) => body.includes(expect.pattern, 0, 'utf8');
  const pattern = new RegExp(Buffer.from(expect.pattern, 'utf8').toString('latin1'));
  return (body) => pattern.test(body.toString('latin1'));
}

/** The start of every status line: what cannot become this is no HTTP and need not be waited for. */
const protocolStart = /^(?:[A-Z]*|[A-Z]+\/(?:\d(?:\.(?:\d(?: .*)?)?)?)?)$/s;

function readResponse(
  head: Head,
  method: number,
  bytes: Buffer,
  complete: boolean,
): Response | 'incomplete' | 'invalid' {
  const start = skipEmptyLines(bytes);
  if (!protocolStart.test(bytes.toString('latin1', start, start + 16))) return 'invalid';
  const length = parseResponseHead(bytes, start, bytes.length, head);
  if (length === INCOMPLETE) return complete ? 'invalid' : 'incomplete';
  if (length < 0) return 'invalid';
  const rest = bytes.subarray(head.end);
  const framed = responseHasBody(head, method) ? readBody(head, rest) : noBody;
  if (framed === 'invalid') return 'invalid';
  return {
    status: head.status,
    reason: readText(bytes.subarray(head.reasonStart, head.reasonEnd)),
    body: framed.body,
    bodyComplete: framed.complete || complete,
  };
}

function skipEmptyLines(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length && (bytes[at] === 13 || bytes[at] === 10)) at++;
  return at;
}

const noBody = { body: Buffer.alloc(0), complete: true };

function readBody(head: Head, rest: Buffer): { body: Buffer; complete: boolean } | 'invalid' {
  return head.chunked ? readChunks(rest) : readPlain(rest, head.contentLength);
}

function readPlain(rest: Buffer, contentLength: number): { body: Buffer; complete: boolean } {
  if (contentLength < 0) return { body: rest, complete: false };
  return { body: rest.subarray(0, contentLength), complete: rest.length >= contentLength };
}

function readChunks(rest: Buffer): { body: Buffer; complete: boolean } | 'invalid' {
  const decoder = new ChunkDecoder();
  const state = decoder.feed(rest, 0, rest.length);
  if (state === CHUNK_BAD) return 'invalid';
  return { body: joinChunks(rest), complete: state === CHUNK_DONE };
}

/** The content of chunks that the decoder has found well formed, as far as they have come. */
function joinChunks(rest: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < rest.length; ) {
    const lineEnd = rest.indexOf(10, at);
    if (lineEnd < 0) break;
    const size = Number.parseInt(rest.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) break;
    parts.push(rest.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 2;
  }
  return Buffer.concat(parts);
}
