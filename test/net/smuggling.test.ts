/**
 * Ambiguous framings through the whole proxy, to an origin that records every byte: each is refused, or reaches the origin
 * in one form that all readers take apart alike. No byte of one request is ever taken for another.
 *
 * What the origin got is read three times: by rules that leave nothing to disagree about, by our own parser, and by the
 * one of Node. All of them must find the same requests.
 */
import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseRequestHead } from '../../src/wire/http1.ts';
import { CHUNK_DONE, ChunkDecoder } from '../../src/wire/http1-chunk.ts';
import { Head } from '../../src/wire/http1-head.ts';
import { countWhole } from './lib/exchange-lanes.ts';
import { freePort } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { smugglingCases } from './lib/smuggling-cases.ts';

const after = 'GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function config(port: number, originPort: number): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout http-request 500ms
listen web
  bind 127.0.0.1:${port}
  http-reuse never
  server origin 127.0.0.1:${originPort}
`;
}

interface Seen {
  readonly targets: readonly string[];
  readonly bodies: readonly string[];
}

/** By our parser; null when it finds something else than whole requests. */
function readByOwnParser(text: string): Seen | null {
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
  const targets: string[] = [];
  const bodies: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = new Head();
    const length = parseRequestHead(bytes, at, bytes.length, head);
    if (length <= 0) return null;
    targets.push(text.slice(head.uriStart, head.uriEnd));
    const start = at + length;
    at = start + Math.max(0, head.contentLength);
    if (head.chunked) {
      const decoder = new ChunkDecoder();
      if (decoder.feed(bytes, start, bytes.length) !== CHUNK_DONE) return null;
      at = decoder.consumed;
    }
    bodies.push(text.slice(start, at));
  }
  return { targets, bodies };
}

/** By Node's. */
async function readByNode(text: string): Promise<string[]> {
  const targets: string[] = [];
  const server = createServer((request, response) => {
    targets.push(request.url!);
    request.resume();
    response.end();
  });
  const wire = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const broken = new Promise<void>((resolve) =>
    server.on('clientError', (error) => {
      targets.push(`broken: ${error.message}`);
      resolve();
    }),
  );
  server.emit('connection', wire);
  wire.push(Buffer.from(text, 'latin1'));
  wire.push(null);
  await Promise.race([broken, new Promise((resolve) => setTimeout(resolve, 10))]);
  return targets;
}

/** What leaves two readers something to disagree about. */
function ambiguities(text: string, { bodies }: Seen): string[] {
  // Bodies are content, whatever they look like.
  const heads = bodies.reduce((rest, body) => (body === '' ? rest : rest.replace(body, () => '')), text);
  const found: string[] = [];
  if (/(?<!\r)\n|\r(?!\n)|\0/.test(heads)) found.push('a bare line end or NUL');
  if (/\r\n[ \t]/.test(heads)) found.push('a folded line');
  for (const head of heads.split('\r\n\r\n')) {
    const lengths = head.match(/^content-length:.*$/gim) ?? [];
    const codings = head.match(/^.*transfer.?encoding.*$/gim) ?? [];
    const framing = codings.filter((line) => /^transfer-encoding/i.test(line));
    if (lengths.length + framing.length > 1) found.push('two framings');
    if (lengths.some((line) => !/^content-length: \d{1,15}$/.test(line))) found.push(`${lengths}`);
    if (framing.some((line) => line !== 'transfer-encoding: chunked')) found.push(`${framing}`);
    if (/^[^:\r\n]*[ \t][^:\r\n]*:/m.test(head.slice(head.indexOf('\r\n') + 2))) found.push('a blank in a name');
  }
  return found;
}

describeNet('request smuggling', { build: true }, () => {
  let origin: Origin;
  let proxy: RunningProxy;
  let port: number;

  beforeAll(async () => {
    origin = await startOrigin();
    port = await freePort();
    proxy = await startProxy('ours', config(port, origin.port), port);
  });

  afterAll(async () => {
    await proxy?.stop();
    await origin?.close();
  });

  it('is tried in many ways', () => {
    expect(smugglingCases.length).toBeGreaterThanOrEqual(60);
    expect(new Set(smugglingCases.map(({ name }) => name)).size).toBe(smugglingCases.length);
  });

  it.each(smugglingCases.map((one) => [one.name, one] as const))('%s', async (_name, { raw, targets }) => {
    origin.forget();
    origin.countRequests = countWhole;
    const answers = Math.max(1, targets.length);
    const enough = (text: string): boolean => text.split(/HTTP\/1\.1 [245]/).length > answers && targets.length > 1;
    const { text, status, closed } = await exchange(port, raw + after, { enough, deadlineMs: 1500 });
    const received = origin.received();
    if (targets.length === 0) {
      expect(received).toEqual([]);
      expect(text.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
      expect([400, 422, 501]).toContain(status);
      expect(closed).toBe(true);
      return;
    }
    const seen = received.map(readByOwnParser);
    expect(seen).not.toContain(null);
    expect(seen.flatMap((one) => one!.targets)).toEqual(targets);
    // To Node, what follows a request to upgrade is not HTTP.
    const forNode = received.filter((bytes) => !/\r\nupgrade: /i.test(bytes));
    if (forNode.length === received.length) {
      expect((await Promise.all(forNode.map(readByNode))).flat()).toEqual(targets);
    }
    expect(received.flatMap((bytes, i) => ambiguities(bytes, seen[i]!))).toEqual([]);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(targets.length);
    if (targets.length === 1) expect(closed).toBe(true);
  });
});
