/**
 * The vrrp role and the real keepalived 2.2.7 on one link, in either part. A third host listens.
 *
 * Times are the protocol's: an election takes 3 x advert_int + skew after the last advert of a master that died, and
 * skew after one that said goodbye (RFC 3768, section 6.1), plus half a second for a busy machine.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNet } from '../lib/requirements.ts';
import { measureSlowness } from '../lib/slowness.ts';
import { sleep, waitUntil } from '../lib/wait.ts';
import { type HeardAdvert, listen } from './listener.ts';
import { bundleRole, removeBundles, type TestInstance } from './role.ts';
import { inScene, kill, vip } from './scene.ts';

const skewMs = (priority: number): number => ((256 - priority) / 256) * 1000;

describeNet('vrrp beside keepalived', { root: true, binaries: ['keepalived', 'tcpdump'] }, () => {
  beforeAll(bundleRole);
  afterAll(removeBundles);

  for (const [first, second] of [
    ['ours', 'ours'],
    ['ours', 'keepalived'],
    ['keepalived', 'ours'],
  ] as const) {
    it.concurrent(
      `${first} as master with ${second} as backup: election, death, return, goodbye`,
      () =>
        inScene(async ({ host, start, holds, waitForHolder, expectOneHolder }) => {
          const listener = await listen(host('listener'));
          const a = await start(first, 'a', { state: 'MASTER', priority: 101 });
          await waitUntil('a to wait for adverts', () => a.log().includes('Entering BACKUP STATE'), { everyMs: 5 });
          const startedAt = performance.now();
          const b = await start(second, 'b', { state: 'BACKUP', priority: 100 });
          const electedAt = await waitForHolder('a');
          const slowness = await measureSlowness();
          expect(electedAt - startedAt).toBeLessThan(3000 + skewMs(101) + 500 * slowness);
          await sleep(1200);
          await expectOneHolder('a');

          const killedAt = performance.now();
          await kill(host('a'), a);
          const takenAt = await waitForHolder('b');
          expect(takenAt - killedAt).toBeLessThan(3000 + skewMs(100) + 500 * slowness);
          await waitUntil('a without the address', async () => !(await holds('a')));

          const again = await start(first, 'a', { state: 'MASTER', priority: 101 });
          await waitForHolder('a');
          await waitUntil('b gives way', async () => !(await holds('b')), { deadlineMs: 1000 + 1000 * slowness });
          await sleep(1200);
          await expectOneHolder('a');

          const stoppedAt = performance.now();
          again.process.kill('SIGTERM');
          expect((await waitForHolder('b')) - stoppedAt).toBeLessThan(skewMs(100) + 500 * slowness);
          await waitUntil('a without the address', async () => !(await holds('a')));
          expect(b.log()).not.toMatch(/bogus|Invalid|invalid|too short|too long|mismatch|unexpected|not present/);
          listener.process.kill('SIGTERM');
          expectAlternatingMasters(listener.adverts());
        }),
      60_000,
    );
  }

  it.concurrent(
    'a failing script hands over to keepalived, and takes back',
    () =>
      inScene(async ({ scratch, start, holds, waitForHolder, expectOneHolder }) => {
        const ok = join(scratch, 'ok');
        writeFileSync(ok, '');
        const script = { name: 'chk', command: `test -e ${ok}`, interval: 1, weight: -2, rise: 2, fall: 2 };
        const a = await start('ours', 'a', { priority: 101, scripts: [script] });
        const b = await start('keepalived', 'b', { priority: 100 });
        await waitForHolder('a');
        await sleep(1200);
        await expectOneHolder('a');
        rmSync(ok);
        await waitForHolder('b', 10_000);
        await waitUntil('a gives way', async () => !(await holds('a')), {
          deadlineMs: 1000 + 1000 * (await measureSlowness()),
        });
        expect(a.log()).toContain('Script `chk` now returning 1');
        expect(a.log()).toContain('VRRP_Script(chk) failed (exited with status 1)');
        expect(a.log()).toContain('(VI_1) Changing effective priority from 101 to 99');
        writeFileSync(ok, '');
        await waitForHolder('a', 10_000);
        await waitUntil('b gives way', async () => !(await holds('b')), {
          deadlineMs: 1000 + 1000 * (await measureSlowness()),
        });
        expect(a.log()).toContain('(VI_1) Changing effective priority from 99 to 101');
        expect(b.log()).not.toMatch(/bogus|nvalid|mismatch/);
      }),
    40_000,
  );

  it.concurrent(
    'runs notify scripts in order with the arguments of keepalived',
    () =>
      inScene(async ({ scratch, host, start, waitForHolder }) => {
        const calls = join(scratch, 'calls');
        const notify = join(scratch, 'notify.sh');
        writeFileSync(notify, `#!/bin/bash\necho "$*" >> ${calls}\n`, { mode: 0o755 });
        const found: string[][] = [];
        for (const kind of ['keepalived', 'ours'] as const) {
          rmSync(calls, { force: true });
          const node = await start(kind, 'a', { priority: 100, notify });
          await waitForHolder('a');
          await sleep(300);
          await host('a').setLink(false);
          await sleep(300);
          await host('a').setLink(true);
          await sleep(1000);
          node.process.kill('SIGTERM');
          await node.process.exited;
          found.push(readFileSync(calls, 'utf8').trim().split('\n'));
        }
        // The two scripts of one transition run side by side.
        const pairs = (lines: string[]): string[] =>
          lines.map((_, i) => lines.slice(i - (i % 2), i - (i % 2) + 2).toSorted()[i % 2]!);
        expect(pairs(found[1]!)).toEqual(pairs(found[0]!));
        expect(found[1]).toContain('notify INSTANCE VI_1 FAULT 100');
        expect(found[1]!.length).toBe(10);
      }),
    40_000,
  );

  for (const [name, more] of [
    ['version 3', { version: 3, password: null }],
    ['no authentication', { password: null }],
    ['an interval of 2 s and three addresses', { advertSeconds: 2, addresses: [vip, '10.90.0.101/24', '10.90.0.102'] }],
  ] as const) {
    it.concurrent(
      `agrees with keepalived under ${name}`,
      () =>
        inScene(async ({ start, waitForHolder, expectOneHolder }) => {
          const master = await start('keepalived', 'a', { priority: 150, ...more });
          await waitUntil('a to wait', () => master.log().includes('Entering BACKUP STATE'));
          const backup = await start('ours', 'b', { priority: 100, ...more });
          await waitForHolder('a', 12_000);
          await sleep(1500);
          await expectOneHolder('a');
          master.process.kill('SIGTERM');
          await waitForHolder('b', 3000);
          const again = await start('keepalived', 'a', { priority: 50, ...more });
          await sleep(3000);
          await expectOneHolder('b');
          for (const log of [master.log(), backup.log(), again.log()])
            expect(log).not.toMatch(/nvalid|mismatch|too (short|long)/);
        }),
      40_000,
    );
  }

  it.concurrent(
    'speaks unicast with keepalived',
    () =>
      inScene(async ({ host, start, waitForHolder, expectOneHolder }) => {
        const [a, b] = [host('a').address, host('b').address];
        const ours = await start('ours', 'a', { priority: 150, unicastPeers: [b] });
        const theirs = await start('keepalived', 'b', { priority: 100, unicastPeers: [a] });
        await waitForHolder('a');
        await sleep(3000);
        await expectOneHolder('a');
        ours.process.kill('SIGTERM');
        await waitForHolder('b', 2000);
        expect(theirs.log()).not.toMatch(/nvalid|mismatch|discarding/);
      }),
    30_000,
  );

  it.concurrent(
    'writes the statistics and data files as keepalived does, and follows no link',
    () =>
      inScene(async ({ start, scratch, waitForHolder }) => {
        const found: { stats: string; data: string }[] = [];
        const trap = join(scratch, 'trap');
        for (const kind of ['keepalived', 'ours'] as const) {
          const folder = join(scratch, kind);
          mkdirSync(folder);
          if (kind === 'ours') symlinkSync(trap, join(folder, 'keepalived.data'));
          const node = await start(
            kind,
            'a',
            { priority: 100, addresses: [vip, '10.90.0.101/24'] },
            { TMPDIR: folder },
          );
          await waitForHolder('a');
          await sleep(1500);
          node.process.kill('SIGUSR1');
          await sleep(200);
          node.process.kill('SIGUSR2');
          await waitUntil('the files', () => existsSync(join(folder, 'keepalived.stats')));
          await sleep(200);
          const [stats = '', data = ''] = ['stats', 'data'].map((each) =>
            readFileSync(join(folder, `keepalived.${each}`), 'utf8'),
          );
          found.push({ stats, data });
          node.process.kill('SIGTERM');
          await node.process.exited;
        }
        expect(existsSync(trap)).toBe(false);
        const [theirs, ours] = found;
        const labels = (text: string): string[] => text.split('\n').map((line) => line.replace(/\d+$/, 'N'));
        expect(labels(ours!.stats)).toEqual(labels(theirs!.stats));
        expect(ours!.stats).toContain('  Became master: 1\n  Released master: 0\n');
        // Every line of ours is one of theirs, but for times and descriptors.
        const topology = (text: string): string[] => {
          const [, part = ''] = /Topology >------\n([\s\S]*?)------</.exec(text) ?? [];
          return part.split('\n').map((line) => line.replace(/(transition|timeout) = .*|fd_in .*/, '$1'));
        };
        const known = new Set(topology(theirs!.data));
        expect(topology(ours!.data).filter((line) => !known.has(line))).toEqual([]);
        expect(topology(ours!.data).length).toBeGreaterThan(30);
      }),
    40_000,
  );

  it.concurrent(
    'sends the bytes that keepalived sends',
    () =>
      inScene(async ({ host, start, waitForHolder }) => {
        const instance: TestInstance = {
          priority: 150,
          addresses: [vip, '10.90.0.101', '10.90.0.102/24'],
          garpDelay: 1,
        };
        const captures = [];
        for (const kind of ['keepalived', 'ours'] as const) {
          const listener = await listen(host('listener'));
          const node = await start(kind, 'a', instance);
          await waitForHolder('a');
          await waitUntil('two sets of ARP', () => listener.arps().length >= 30, { deadlineMs: 4000 });
          node.process.kill('SIGTERM');
          await node.process.exited;
          listener.process.kill('SIGTERM');
          captures.push({ adverts: listener.adverts().map((each) => each.hex), arps: listener.arps() });
        }
        const [theirs, ours] = captures;
        expect(ours!.adverts.length).toBeGreaterThan(2);
        expect(ours!.adverts[0]).toEqual(theirs!.adverts[0]);
        expect(ours!.adverts[1]).toEqual(theirs!.adverts[1]);
        // The goodbye, but for the packet's number and the header checksum over it.
        const goodbye = (hex: string): string => hex.slice(0, 8) + hex.slice(12, 20) + hex.slice(24);
        expect(goodbye(ours!.adverts.at(-1)!)).toEqual(goodbye(theirs!.adverts.at(-1)!));
        expect(ours!.arps).toEqual(theirs!.arps);
      }),
    40_000,
  );
});

/** Never do two hosts advertise side by side: a change of speaker is one handover, not a duet. */
function expectAlternatingMasters(adverts: readonly HeardAdvert[]): void {
  const speakers = adverts.filter((each) => each.priority > 0).map((each) => each.source);
  const runs = speakers.filter((source, i) => source !== speakers[i - 1]);
  // a is elected; dies, b; a returns: b speaks once more or not at all before it gives way; a leaves, b.
  expect(runs.length).toBeLessThanOrEqual(6);
  expect(runs[0]).toBe('10.90.0.1');
  expect(runs.at(-1)).toBe('10.90.0.2');
}
