/**
 * The vrrp role by itself on real links: crashes, hostile packets, reloads, cables, addresses taken away.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNet } from '../lib/requirements.ts';
import { measureSlowness } from '../lib/slowness.ts';
import { sleep, waitUntil } from '../lib/wait.ts';
import { hostilePackets, packet } from './hostile-packets.ts';
import { listen } from './listener.ts';
import { bundleRole, removeBundles, sendPackets, sliceOf, startOurs } from './role.ts';
import { inScene, killQuietly, stateChanges, vip } from './scene.ts';

const skewMs = (priority: number): number => ((256 - priority) / 256) * 1000;

describeNet('vrrp role', { root: true, binaries: ['tcpdump'] }, () => {
  beforeAll(bundleRole);
  afterAll(removeBundles);

  it.concurrent(
    'a node that goes dark: the backup takes over in time, the old master cleans up when it is back',
    () =>
      inScene(async ({ host, start, holds, waitForHolder, expectOneHolder }) => {
        const a = await start('ours', 'a', { state: 'MASTER', priority: 101 });
        await waitUntil('a to wait for adverts', () => a.log().includes('Entering BACKUP STATE'), { everyMs: 5 });
        const b = await start('ours', 'b', { priority: 100 });
        await waitForHolder('a');
        await sleep(1500);
        const listener = await listen(host('listener'));
        await waitUntil('an advert', () => listener.adverts().length > 0);
        // The role before its parent: it must not live to say goodbye.
        for (const { pid } of host('a').processes().toReversed()) killQuietly(pid);
        await a.process.exited;
        await waitForHolder('b');
        const slowness = await measureSlowness();
        const last = listener.adverts().findLast((each) => each.source === host('a').address)!;
        const first = listener.adverts().find((each) => each.source === host('b').address)!;
        console.log(`takeover ${(first.atMs - last.atMs).toFixed(1)} ms after the last advert of a node gone dark`);
        expect(first.atMs - last.atMs).toBeGreaterThan(3000 + skewMs(100) - 1);
        expect(first.atMs - last.atMs).toBeLessThan(3000 + skewMs(100) + 250 * slowness);
        // Nobody could remove it: the address is still on a, as after a crash.
        expect(await holds('a')).toBe(true);
        const again = await start('ours', 'a', { state: 'MASTER', priority: 90 });
        await waitUntil('a cleared', async () => !(await holds('a')), { details: again.log });
        await sleep(4500);
        await expectOneHolder('b');
        expect(b.log()).not.toContain('Entering FAULT');
      }),
    40_000,
  );

  it.concurrent(
    'changes nothing for broken and hostile adverts',
    () =>
      inScene(async ({ host, start, holds, waitForHolder, expectOneHolder }) => {
        const node = await start('ours', 'a', { priority: 100 });
        await waitForHolder('a');
        await sleep(200);
        const before = stateChanges(node);
        await sendPackets(host('listener'), hostilePackets());
        await sleep(1200);
        expect(stateChanges(node)).toEqual(before);
        await expectOneHolder('a');
        for (const line of [
          'invalid TTL/HL. Received 254 and expect 255',
          'Invalid VRRPv2 checksum',
          'received an invalid passwd!',
          'received a 0 auth, expecting 1!',
          'Invalid packet type. 2 and expect 1',
          "advertisement interval mismatch mine=1 sec rcv'd=3 sec",
          'vrrp packet too short',
          'vrrp packet too long',
          `ip address associated with VRID 51 not present in MASTER advert: ${vip}`,
          'received an unexpected ip number count 2, expected 1!',
        ]) {
          expect(node.log()).toContain(line);
        }
        // The same sender is believed as soon as it sends what is right.
        await sendPackets(host('listener'), [packet({})]);
        await waitUntil('a to give way', async () => !(await holds('a')), { deadlineMs: 2000, details: node.log });
      }),
    20_000,
  );

  it.concurrent(
    'a reload changes what differs and nothing else',
    () =>
      inScene(async ({ host, start, holds, waitForHolder }) => {
        const node = await start('ours', 'a', { priority: 100, addresses: [vip, '10.90.0.101'] });
        await waitForHolder('a');
        const listener = await listen(host('listener'));
        await sleep(1000);
        const before = stateChanges(node);
        node.rewrite([{ priority: 120, addresses: [vip, '10.90.0.102'] }]);
        node.process.kill('SIGHUP');
        await waitUntil('the new address', async () => (await host('a').addresses()).includes('10.90.0.102'));
        expect(await host('a').addresses()).not.toContain('10.90.0.101');
        await sleep(2200);
        expect(stateChanges(node)).toEqual(before);
        expect(await holds('a')).toBe(true);
        const adverts = listener.adverts();
        expect(adverts.at(-1)!.priority).toBe(120);
        const slowness = await measureSlowness();
        const gaps = adverts.slice(1).map((each, i) => each.atMs - adverts[i]!.atMs);
        expect(Math.max(...gaps)).toBeLessThan(1000 + 100 * slowness);
        node.rewrite([{ name: 'VI_2', vrid: 52, priority: 120, addresses: ['10.90.0.103'] }]);
        node.process.kill('SIGHUP');
        await waitUntil('the goodbye', () => listener.adverts().at(-1)!.priority === 0);
        await waitUntil('only the new one', async () => {
          const addresses = await host('a').addresses();
          return addresses.includes('10.90.0.103') && !addresses.includes(vip) && !addresses.includes('10.90.0.102');
        });
      }),
    40_000,
  );

  it.concurrent(
    'leaves mastership with the cable and comes back with it',
    () =>
      inScene(async ({ host, start, holds, waitForHolder }) => {
        const node = await start('ours', 'a', { priority: 100 });
        await waitForHolder('a');
        await host('a').setLink(false);
        await waitUntil('FAULT', () => node.log().includes('(VI_1) Entering FAULT STATE'), { deadlineMs: 1000 });
        await waitUntil('no address', async () => !(await holds('a')));
        await host('a').setLink(true);
        await waitUntil('BACKUP', () => /FAULT STATE[\s\S]*Entering BACKUP STATE/.test(node.log()), {
          deadlineMs: 2000,
        });
        await waitForHolder('a');
        expect(node.log()).toContain('Netlink reports eth1 down');
        expect(node.log()).toContain('Netlink reports eth1 up');
      }),
    30_000,
  );

  it.concurrent(
    'puts back an address that somebody took off',
    () =>
      inScene(async ({ host, start, holds, waitForHolder }) => {
        const node = await start('ours', 'a', { priority: 100 });
        await waitForHolder('a');
        await sleep(200);
        await host('a').run('ip', ['addr', 'del', `${vip}/32`, 'dev', 'eth1']);
        await waitUntil('the address to be back', async () => (await holds('a')) && stateChanges(node).length === 4, {
          deadlineMs: 2000,
          details: node.log,
        });
        expect(stateChanges(node)).toEqual(['BACKUP', 'MASTER', 'BACKUP', 'MASTER']);
      }),
    20_000,
  );

  it.concurrent(
    'waits for vrrp_startup_delay and is ready meanwhile',
    () =>
      inScene(async ({ host, scratch, holds }) => {
        const slice = sliceOf([{ priority: 100 }]);
        const delayed = { ...slice, globalDefs: { ...slice.globalDefs, startupDelayMs: 2000 } };
        const node = await startOurs(host('a'), delayed, scratch);
        await waitUntil('ready', () => node.log().includes('"type":"ready"'));
        await sleep(1000);
        expect(node.log()).toContain('Delaying startup for 2 seconds');
        expect(stateChanges(node)).toEqual([]);
        await waitUntil('BACKUP', () => stateChanges(node).length === 1, { deadlineMs: 3000 });
        expect(await holds('a')).toBe(false);
      }),
    20_000,
  );
});
