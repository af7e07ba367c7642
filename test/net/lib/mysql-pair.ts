/**
 * The MySQL pair of fixtures/scenarios/mysql-pair on a test network: two nodes with a database each, and a client.
 *
 * ```
 *   client 10.1.6.50 --- 10.1.6.173:3366 (the shared address) --- proxy --- 10.1.6.203:3306 or 10.1.6.205:3306
 * ```
 *
 * A node runs the configurations as they are, at their places in /etc (an overlay of its own mount namespace), with one
 * of several sets of programs: see `Flavour`.
 */
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyDatabase, createDatabase, startDatabase } from './mariadb.ts';
import { createNetwork, type Host, type HostProcess, type Network } from './namespaces.ts';
import { distBin, findBinary, repository } from './requirements.ts';
import { findRole } from './roles.ts';
import { receiveSyslogOn, type SyslogReceiver } from './syslog.ts';
import { waitUntil } from './wait.ts';

export const sharedAddress = '10.1.6.173';
export const sharedPort = 3366;

/**
 * - tandem: `tandem run` with both files; the proxy runs on both nodes all the time
 * - drop-in: our keepalived, which starts our haproxy by its notify scripts
 * - peer: Debian's keepalived, which starts our haproxy
 * - original: Debian's keepalived and haproxy
 */
export type Flavour = 'tandem' | 'drop-in' | 'peer' | 'original';

/** Binaries that the pair needs besides those of its flavours. */
export const pairBinaries = ['mariadbd', 'mariadb', 'mariadb-install-db', 'socat', 'killall', 'pidof'];

export interface PairNode {
  readonly host: Host;
  readonly flavour: Flavour;
  readonly syslog: SyslogReceiver;
  /** Starts the programs; waits for nothing. */
  readonly start: () => Promise<void>;
  /** SIGTERM to what holds the address, and waits for its end. */
  readonly stop: () => Promise<void>;
  /** SIGKILL to the parent process of what holds the address. */
  readonly killCore: () => void;
  /** SIGKILL to the proxy role. */
  readonly killProxyRole: () => void;
  readonly proxyRole: () => number | null;
  readonly startDatabase: () => Promise<void>;
  readonly stopDatabase: () => Promise<void>;
  readonly holdsAddress: () => Promise<boolean>;
  /** Everything its programs have printed. */
  readonly output: () => string;
}

export interface Pair {
  readonly network: Network;
  readonly a: PairNode;
  readonly b: PairNode;
  readonly client: Host;
  /** Names of the nodes that have the address now. */
  readonly holders: () => Promise<string[]>;
  readonly node: (name: string) => PairNode;
  readonly other: (node: PairNode) => PairNode;
  readonly destroy: () => Promise<void>;
}

export async function createPair(flavours: { readonly a: Flavour; readonly b: Flavour }): Promise<Pair> {
  const scratch = await mkdtemp(join(tmpdir(), 'tandem-pair-'));
  const network = await createNetwork({
    hosts: { a: '10.1.6.203', b: '10.1.6.205', client: '10.1.6.50' },
    sysctls: { 'net.ipv4.ip_nonlocal_bind': '1' },
  });
  const destroy = async (): Promise<void> => {
    await network.destroy();
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    await createDatabase(join(scratch, 'mysql'));
    const a = await createNode(network.host('a'), flavours.a, scratch);
    const b = await createNode(network.host('b'), flavours.b, scratch);
    await Promise.all([a.startDatabase(), b.startDatabase()]);
    const node = (name: string): PairNode => (name === 'a' ? a : b);
    return {
      network,
      a,
      b,
      client: network.host('client'),
      node,
      other: (one) => (one === a ? b : a),
      holders: async () => {
        const present = await Promise.all([a, b].map((one) => one.holdsAddress()));
        return ['a', 'b'].filter((_, i) => present[i]);
      },
      destroy,
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

async function createNode(host: Host, flavour: Flavour, scratch: string): Promise<PairNode> {
  const folder = join(scratch, host.name);
  await installFiles(host, flavour, folder);
  await copyDatabase(join(scratch, 'mysql'), join(folder, 'mysql'));
  await host.spawn('socat', ['TCP-LISTEN:9222,fork,reuseaddr', 'EXEC:/etc/keepalived/scripts/mysqlchk']);
  const syslog = await receiveSyslogOn(host);

  let database: HostProcess | null = null;
  let program: HostProcess | null = null;
  let output = '';
  const proxyRole = (): number | null => {
    // In the drop-in flavours haproxy is a daemon of its own: every parent of a role is its core.
    const cores = new Set(host.processes().map((entry) => entry.parentPid));
    for (const core of cores) {
      const role = findRole(core, 'proxy');
      if (role !== null) return role;
    }
    return null;
  };
  return {
    host,
    flavour,
    syslog,
    proxyRole,
    start: async () => {
      const [command, ...args] = commandOf(flavour);
      program = await host.spawn(command!, args, {
        onOutput: (text) => {
          output += text;
        },
      });
    },
    stop: async () => {
      program?.kill('SIGTERM');
      await program?.exited;
    },
    killCore: () => program?.kill('SIGKILL'),
    killProxyRole: () => process.kill(proxyRole()!, 'SIGKILL'),
    startDatabase: async () => {
      database = await startDatabase(host, join(folder, 'mysql'));
    },
    stopDatabase: async () => {
      database?.kill('SIGTERM');
      await database?.exited;
    },
    holdsAddress: async () => (await host.addresses()).includes(sharedAddress),
    output: () => output,
  };
}

function commandOf(flavour: Flavour): string[] {
  const keepalived = ['-n', '-l', '-D', '-f', '/etc/keepalived/keepalived.conf'];
  if (flavour === 'drop-in') return [distBin('keepalived'), ...keepalived];
  if (flavour === 'tandem') {
    return [distBin('tandem'), 'run', '-f', '/etc/haproxy/haproxy.cfg', '-f', '/etc/keepalived/keepalived.conf'];
  }
  return [findBinary('keepalived')!, ...keepalived];
}

/** Lays the fixture over /etc, and `haproxy` into /usr/local/sbin, where the scripts expect it. */
async function installFiles(host: Host, flavour: Flavour, folder: string): Promise<void> {
  const fixture = join(repository, 'fixtures/scenarios/mysql-pair');
  const [etc, work, sbin] = ['etc', 'work', 'sbin'].map((name) => join(folder, name));
  for (const one of [work!, sbin!]) await mkdir(one, { recursive: true });
  await cp(join(fixture, `node-${host.name}`), etc!, { recursive: true });
  await cp(join(fixture, 'scripts'), join(etc!, 'keepalived/scripts'), { recursive: true });
  await writeFile(join(sbin!, 'haproxy'), haproxyLauncher(flavour));
  if (flavour === 'peer' || flavour === 'original') await adaptToKeepalived(join(etc!, 'keepalived/keepalived.conf'));
  await chmod(join(sbin!, 'haproxy'), 0o755);
  const layers = `lowerdir=/etc,upperdir=${etc},workdir=${work}`;
  await host.run('mount', ['-t', 'overlay', 'overlay', '-o', layers, '/etc']);
  await host.run('mount', ['--bind', sbin!, '/usr/local/sbin']);
}

function haproxyLauncher(flavour: Flavour): string {
  if (flavour !== 'original') return `#!/bin/sh\nexec ${distBin('haproxy')} "$@"\n`;
  // HAProxy 2.5 and later refuse `nbproc`, and a maxconn above the descriptor limit; the rest means the same.
  const haproxy = findBinary('haproxy');
  return `#!/bin/sh\nsed "/nbproc/d; s/maxconn .*/maxconn 2000/" /etc/haproxy/haproxy.cfg > /run/haproxy.cfg\nexec ${haproxy} -f /run/haproxy.cfg\n`;
}

/** keepalived 2.2 refuses the bare `debug` of old versions. */
async function adaptToKeepalived(file: string): Promise<void> {
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^\s*debug\n/m, ''));
}

/** Waits until exactly one node has the address and returns it. */
export async function waitForMaster(pair: Pair, deadlineMs: number): Promise<PairNode> {
  const name = await waitUntil(
    'exactly one master',
    async () => {
      const holders = await pair.holders();
      return holders.length === 1 && holders[0];
    },
    { deadlineMs, everyMs: 50, details: () => describePair(pair) },
  );
  return pair.node(name as string);
}

export function describePair({ a, b }: Pair): string {
  return [a, b].map((node) => `--- ${node.host.name} (${node.flavour})\n${node.output()}`).join('\n');
}
