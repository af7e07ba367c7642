/**
 * The vrrp role on a real link: with itself, and with the real keepalived in either part. A third host listens.
 *
 * Times are the protocol's: an election takes 3 x advert_int + skew after the last advert of a master that died, and
 * skew after one that said goodbye (RFC 3768, section 6.1), plus half a second for a busy machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createNetwork, type Host, type HostProcess, type Network } from '../lib/namespaces.ts';
import { describeNet } from '../lib/requirements.ts';
import { sleep, waitUntil } from '../lib/wait.ts';
import { bundleRole, type Node, sliceOf, startKeepalived, startOurs, type TestInstance } from './role.ts';

const vip = '10.90.0.100';
const skewMs = (priority: number): number => ((256 - priority) / 256) * 1000;

describeNet('vrrp on the wire', { root: true, binaries: ['keepalived', 'tcpdump'] }, () => {
  let network: Network;
  let scratch: string;
  let nodes: Node[] = [];
  const host = (name: string): Host => network.host(name);

  beforeAll(async () => {
    await bundleRole();
    scratch = mkdtempSync(join(tmpdir(), 'tandem-vrrp-'));
    network = await createNetwork({ hosts: ['a', 'b', 'listener'] });
  }, 60_000);

  afterEach(async () => {
    for (const node of nodes) node.process.kill('SIGKILL');
    for (const name of ['a', 'b']) for (const { pid } of host(name).processes()) killQuietly(pid);
    await Promise.all(nodes.map((node) => node.process.exited));
    nodes = [];
    for (const name of ['a', 'b']) await host(name).exec('ip', ['addr', 'del', `${vip}/32`, 'dev', 'eth1']);
  });

  afterAll(async () => {
    await network?.destroy();
    rmSync(scratch, { recursive: true, force: true });
  });

  async function start(kind: Node['kind'], name: string, instance: TestInstance): Promise<Node> {
    const node =
      kind === 'ours'
        ? await startOurs(host(name), sliceOf([instance]), scratch)
        : await startKeepalived(host(name), [instance], scratch);
    nodes.push(node);
    return node;
  }

  const holds = async (name: string): Promise<boolean> => (await host(name).addresses()).includes(vip);
  const waitForHolder = async (name: string, deadlineMs = 8000): Promise<number> => {
    await waitUntil(`${vip} on ${name}`, () => holds(name), { deadlineMs, everyMs: 5, details: () => logs(nodes) });
    return performance.now();
  };
  const expectOneHolder = async (name: string): Promise<void> => {
    const found = await Promise.all(['a', 'b'].map(async (each) => [each, await holds(each)] as const));
    expect(found.filter(([, has]) => has).map(([each]) => each)).toEqual([name]);
  };

  for (const [first, second] of [
    ['ours', 'ours'],
    ['ours', 'keepalived'],
    ['keepalived', 'ours'],
  ] as const) {
    it(`${first} as master with ${second} as backup: election, death, return, goodbye`, async () => {
      const listener = await listen(host('listener'));
      const startedAt = performance.now();
      const a = await start(first, 'a', { state: 'MASTER', priority: 101 });
      await waitUntil('a to wait for adverts', () => a.log().includes('Entering BACKUP STATE'), { everyMs: 5 });
      const b = await start(second, 'b', { state: 'BACKUP', priority: 100 });
      const electedAt = await waitForHolder('a');
      expect(electedAt - startedAt).toBeLessThan(3000 + skewMs(101) + 1500);
      await sleep(1200);
      await expectOneHolder('a');

      const killedAt = performance.now();
      await kill(host('a'), a);
      const takenAt = await waitForHolder('b');
      expect(takenAt - killedAt).toBeLessThan(3000 + skewMs(100) + 500);
      await waitUntil('a without the address', async () => !(await holds('a')));

      const again = await start(first, 'a', { state: 'MASTER', priority: 101 });
      await waitForHolder('a');
      await waitUntil('b gives way', async () => !(await holds('b')), { deadlineMs: 2000 });
      await sleep(1200);
      await expectOneHolder('a');

      const stoppedAt = performance.now();
      again.process.kill('SIGTERM');
      expect((await waitForHolder('b')) - stoppedAt).toBeLessThan(skewMs(100) + 500);
      await waitUntil('a without the address', async () => !(await holds('a')));
      expect(b.log()).not.toMatch(/bogus|Invalid|invalid|too short|too long|mismatch|unexpected|not present/);
      listener.process.kill('SIGTERM');
      expectAlternatingMasters(listener.adverts());
    }, 60_000);
  }

  it('sends the bytes that keepalived sends', async () => {
    const instance: TestInstance = { priority: 150, addresses: [vip, '10.90.0.101', '10.90.0.102/24'], garpDelay: 1 };
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
  }, 40_000);
});

interface HeardAdvert {
  readonly atMs: number;
  readonly source: string;
  readonly priority: number;
  /** The IP packet. */
  readonly hex: string;
}

interface Listener {
  readonly process: HostProcess;
  readonly adverts: () => HeardAdvert[];
  /** Gratuitous ARP frames without the Ethernet header. */
  readonly arps: () => string[];
}

/** tcpdump on a third host. */
async function listen(host: Host): Promise<Listener> {
  const process_ = await host.spawn('tcpdump', [
    '-l',
    '-n',
    '-tt',
    '-x',
    '--immediate-mode',
    '-i',
    'eth1',
    'ip proto 112 or arp',
  ]);
  await waitUntil('tcpdump to listen', () => process_.output().includes('listening on'));
  const packets = (): { head: string; hex: string }[] => {
    const found: { head: string; hex: string }[] = [];
    for (const line of process_.output().split('\n')) {
      const bytes = /^\s+0x[0-9a-f]+:\s+([0-9a-f ]+)/.exec(line);
      if (/^\d+\.\d+ /.test(line)) found.push({ head: line, hex: '' });
      else if (bytes && found.length > 0) found.at(-1)!.hex += bytes[1]!.replaceAll(' ', '').trim();
    }
    return found;
  };
  return {
    process: process_,
    adverts: () => {
      return packets().flatMap(({ head, hex }) => {
        const match = /^([\d.]+) IP ([\d.]+) > 224\.0\.0\.18: VRRPv\d, Advertisement, vrid 51, prio (\d+)/.exec(head);
        return match ? [{ atMs: Number(match[1]) * 1000, source: match[2]!, priority: Number(match[3]), hex }] : [];
      });
    },
    arps: () => {
      const gratuitous = packets().filter(({ head }) => /ARP, Request who-has (\S+) \(ff:.*tell \1,/.test(head));
      return gratuitous.map(({ hex }) => hex.slice(0, 56));
    },
  };
}

/** Never do two hosts advertise side by side: a change of speaker is one handover, not a duet. */
function expectAlternatingMasters(adverts: readonly HeardAdvert[]): void {
  const speakers = adverts.filter((each) => each.priority > 0).map((each) => each.source);
  const runs = speakers.filter((source, i) => source !== speakers[i - 1]);
  // a is elected; dies, b; a returns: b speaks once more or not at all before it gives way; a leaves, b.
  expect(runs.length).toBeLessThanOrEqual(6);
  expect(runs[0]).toBe('10.90.0.1');
  expect(runs.at(-1)).toBe('10.90.0.2');
}

/** kill -9 of the parent process, as an out-of-memory killer would: the rest is up to its child. */
async function kill(host: Host, node: Node): Promise<void> {
  if (node.kind === 'ours') node.process.kill('SIGKILL');
  else for (const { pid, name } of host.processes()) if (name === 'keepalived') killQuietly(pid);
  await node.process.exited;
  // keepalived's processes were all killed: nobody is left to remove the address.
  if (node.kind === 'keepalived') await host.exec('ip', ['addr', 'del', `${vip}/32`, 'dev', 'eth1']);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

function logs(nodes: readonly Node[]): string {
  return nodes.map((node) => `--- ${node.kind}\n${node.log()}`).join('\n');
}
