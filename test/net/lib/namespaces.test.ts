/** The test network itself: hosts see each other, see only their own processes, and vanish without a trace. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createNetwork, type Network } from './namespaces.ts';
import { listTree, readTreeUsage } from './process-tree.ts';
import { describeNet } from './requirements.ts';
import { receiveSyslogOn } from './syslog.ts';
import { waitUntil } from './wait.ts';

describeNet('test network', { root: true, binaries: ['socat', 'killall', 'tcpdump'] }, () => {
  let network: Network;
  beforeAll(async () => {
    network = await createNetwork({ hosts: ['a', 'b'], sysctls: { 'net.ipv4.ip_nonlocal_bind': '1' } });
  });
  afterAll(() => network?.destroy());

  it('connects its hosts over both IP versions', async () => {
    const [a, b] = [network.host('a'), network.host('b')];
    expect(await a.addresses()).toEqual(['10.90.0.1']);
    for (const address of [b.address, `[${b.address6}]`]) {
      const server = await b.spawn('socat', [
        address === b.address ? 'TCP4-LISTEN:99,reuseaddr' : 'TCP6-LISTEN:99,reuseaddr',
        'SYSTEM:date',
      ]);
      await waitUntil('the listener', async () => (await b.run('ss', ['-Hltn', 'sport = :99'])) !== '', {
        details: server.output,
      });
      expect(await a.run('socat', ['-u', `TCP:${address}:99`, '-'])).toMatch(/\d\d:\d\d:\d\d/);
      await server.exited;
    }
    expect(await a.run('cat', ['/proc/sys/net/ipv4/ip_nonlocal_bind'])).toBe('1\n');
  });

  it('carries multicast', async () => {
    const [a, b] = [network.host('a'), network.host('b')];
    const join = 'UDP-RECV:5005,ip-add-membership=224.0.0.18:eth1';
    const receiver = await b.spawn('socat', ['-u', join, '-']);
    await waitUntil('the membership', async () => (await b.run('ip', ['maddr', 'show'])).includes('224.0.0.18'));
    await a.run('bash', ['-c', 'echo hello | socat -u - UDP-SENDTO:224.0.0.18:5005,ip-multicast-if=10.90.0.1']);
    await waitUntil('the datagram', () => receiver.output().includes('hello'));
    receiver.kill();
    await receiver.exited;
  });

  it('keeps the processes of its hosts apart, and forgets the dead', async () => {
    const [a, b] = [network.host('a'), network.host('b')];
    const sleeper = await a.spawn('bash', ['-c', 'sleep 1000 & disown; exec tail -f /dev/null']);
    await waitUntil('the orphan', () => a.processes().some((entry) => entry.name === 'sleep'));
    expect(listTree(sleeper.pid).length).toBe(2);
    expect(readTreeUsage(sleeper.pid).rssKiB).toBeGreaterThan(100);
    expect((await b.exec('killall', ['-0', 'tail'])).code).toBe(1);
    expect((await a.exec('killall', ['-0', 'tail'])).code).toBe(0);
    sleeper.kill('SIGKILL');
    expect((await sleeper.exited).signal).toBe('SIGKILL');
    expect((await a.exec('killall', ['-0', 'tail'])).code).toBe(1);
    await a.run('killall', ['-9', 'sleep']);
    await waitUntil('the orphan to be reaped', async () => (await a.exec('killall', ['-0', 'sleep'])).code === 1);
  });

  it('receives syslog lines', async () => {
    const a = network.host('a');
    const syslog = await receiveSyslogOn(a);
    await a.run('bash', [
      '-c',
      'echo "<134>first" > /dev/udp/127.0.0.1/514; echo "<134>second" > /dev/udp/127.0.0.1/514',
    ]);
    await syslog.waitFor(/second/);
    expect([...syslog.lines()].sort()).toEqual(['<134>first', '<134>second']);
    await syslog.close();
  });

  it('leaves nothing behind', async () => {
    const other = await createNetwork({ hosts: { x: '10.91.0.7' } });
    const { pid } = await other.host('x').spawn('sleep', ['1000']);
    await other.destroy();
    expect(() => readFileSync(`/proc/${pid}/stat`)).toThrow();
    expect(readFileSync('/proc/net/dev', 'utf8')).not.toContain('p7:');
  });
});
