/** The tables of http1-cases.ts, held against Debian's HAProxy: what they say of it must be true. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { judgeChunks, judgeRequests, judgeResponses, mismatches, verdictConfig } from './lib/http-verdicts.ts';
import { freePort } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';

describeNet('HTTP/1 verdicts of the real HAProxy', { binaries: ['haproxy'] }, () => {
  let origin: Origin;
  let proxy: RunningProxy;
  let port: number;

  beforeAll(async () => {
    origin = await startOrigin();
    port = await freePort();
    proxy = await startProxy('original', verdictConfig(port, origin.port), port);
  });

  afterAll(async () => {
    await proxy?.stop();
    await origin?.close();
  });

  it('on requests', async () => {
    expect(mismatches(await judgeRequests(port, origin, 'original'))).toEqual([]);
  }, 120_000);

  it('on chunked bodies', async () => {
    expect(mismatches(await judgeChunks(port, origin, 'original'))).toEqual([]);
  }, 120_000);

  it('on responses', async () => {
    expect(mismatches(await judgeResponses(port, origin, 'original'))).toEqual([]);
  }, 120_000);
});
