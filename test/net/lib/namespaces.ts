/**
 * A small network of hosts for tests, on one machine.
 *
 * Every host has its own network, process, mount and host-name namespaces (so `killall`, pid files in /run and raw
 * sockets see that host only) and one interface on a common bridge, which lives in a namespace of its own:
 *
 *     [host a: eth1 10.90.0.1]--+
 *     [host b: eth1 10.90.0.2]--+-- bridge (namespace "switch")
 *     [client: eth1 10.90.0.3]--+
 *
 * Nothing has a name outside and nothing touches the machine's own network. A host is held by its first process, a
 * shell that waits for the end of its standard input: when the test process ends, in whatever way, the shells end, and
 * the kernel takes every process, interface and address of the hosts with them. So there are no leftovers to clean.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { waitUntil } from './wait.ts';

export interface NetworkOptions {
  /** Names, or names with addresses. Without one the hosts get 10.90.0.1, 10.90.0.2 ... in order. All are /24. */
  readonly hosts: readonly string[] | Readonly<Record<string, string>>;
  /** The hosts' interface; "eth1" unless given. */
  readonly device?: string;
  /** Kernel settings of every host, for example { 'net.ipv4.ip_nonlocal_bind': '1' }. */
  readonly sysctls?: Readonly<Record<string, string>>;
}

export interface ExecResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HostSpawnOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Where a copy of the output goes as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** A program that runs on a host. `pid` is its process id as the test sees it. */
export interface HostProcess {
  readonly pid: number;
  /** Both outputs so far, in order of arrival. */
  readonly output: () => string;
  readonly running: () => boolean;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly kill: (signal?: NodeJS.Signals) => void;
}

export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly name: string;
  readonly args: readonly string[];
}

export interface Host {
  readonly name: string;
  readonly address: string;
  readonly address6: string;
  readonly device: string;
  /** Runs a program to its end. Never throws on an exit code; `timeoutMs` (10 s) kills it. */
  readonly exec: (command: string, args?: readonly string[], timeoutMs?: number) => Promise<ExecResult>;
  /** Like `exec`, and throws on an exit code other than 0. Returns the standard output. */
  readonly run: (command: string, args?: readonly string[], timeoutMs?: number) => Promise<string>;
  readonly spawn: (command: string, args?: readonly string[], options?: HostSpawnOptions) => Promise<HostProcess>;
  /** Every live process of the host but its first. */
  readonly processes: () => ProcessEntry[];
  /** The IPv4 addresses on the interface, without prefix lengths. */
  readonly addresses: () => Promise<string[]>;
  /** Takes the cable out, or puts it back. */
  readonly setLink: (up: boolean) => Promise<void>;
}

export interface Network {
  readonly hosts: Readonly<Record<string, Host>>;
  readonly host: (name: string) => Host;
  /** Ends everything. Safe to call twice, and with an unfinished network. */
  readonly destroy: () => Promise<void>;
}

interface Holder {
  readonly child: ChildProcess;
  /** First process of the namespaces, as seen from here. */
  readonly pid: number;
}

// bash, unlike dash, reaps foreign children while it waits in `read`: a daemon that dies must not stay a zombie that
// `killall -0` still finds.
const holderScript = 'mount -t tmpfs tmpfs /run && hostname "$1" && ip link set lo up && echo ready && read -r _';

async function startHolder(name: string): Promise<Holder> {
  const namespaces = ['--net', '--pid', '--mount', '--uts', '--ipc', '--fork', '--mount-proc', '--kill-child'];
  const child = spawn('unshare', [...namespaces, 'bash', '-c', holderScript, 'bash', name], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = collectOutput(child);
  await waitUntil(`namespaces of ${name}`, () => output().includes('ready\n') || child.exitCode !== null, {
    details: output,
  });
  if (child.exitCode !== null) throw new Error(`could not make the namespaces of ${name}: ${output()}`);
  return { child, pid: onlyChildOf(child.pid!)! };
}

function collectOutput(child: ChildProcess, onOutput?: (text: string) => void): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      text += chunk;
      onOutput?.(chunk);
    });
  }
  return () => text;
}

function onlyChildOf(pid: number): number | null {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? null : Number(children.split(' ')[0]);
  } catch {
    return null;
  }
}

function enter(holder: Holder): string[] {
  return ['--target', String(holder.pid), '--net', '--pid', '--mount', '--uts', '--ipc', '--'];
}

function exec(holder: Holder, command: string, args: readonly string[], timeoutMs: number): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', [...enter(holder), command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk;
    });
    const timer = setTimeout(() => killGroup(child.pid!, 'SIGKILL'), timeoutMs);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      const finish = (): void => resolve({ code, signal, stdout, stderr });
      child.once('close', finish);
      // A daemon that the command left behind may hold the pipes open for ever.
      setTimeout(finish, 200);
    });
  });
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {}
}

async function run(holder: Holder, command: string, args: readonly string[], timeoutMs: number): Promise<string> {
  const result = await exec(holder, command, args, timeoutMs);
  if (result.code !== 0) {
    throw new Error(`${command} ${args.join(' ')}: ${result.signal ?? result.code}: ${result.stderr}${result.stdout}`);
  }
  return result.stdout;
}

async function spawnInside(
  holder: Holder,
  command: string,
  args: readonly string[],
  options: HostSpawnOptions,
): Promise<HostProcess> {
  const settings: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd: options.cwd };
  if (options.env) settings.env = options.env;
  const child = spawn('nsenter', [...enter(holder), command, ...args], settings);
  const output = collectOutput(child, options.onOutput);
  let running = true;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false;
      resolve({ code, signal });
    });
  });
  // nsenter forks into the process namespace and waits: the program is its only child.
  const pid = await waitUntil(`${command} to start`, () => onlyChildOf(child.pid!) ?? (running ? 0 : -1), {
    everyMs: 1,
    details: output,
  });
  return {
    pid,
    output,
    running: () => running,
    exited,
    kill: (signal = 'SIGTERM') => {
      if (running && pid > 0) process.kill(pid, signal);
    },
  };
}

/** Live processes in the process namespace of `holder`, without its first and without zombies. */
function listProcesses(holder: Holder): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  const namespace = readlinkSync(`/proc/${holder.pid}/ns/pid`);
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === holder.pid) continue;
    try {
      if (readlinkSync(`/proc/${name}/ns/pid`) !== namespace) continue;
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const close = stat.lastIndexOf(')');
      const fields = stat.slice(close + 2).split(' ');
      if (fields[0] === 'Z') continue;
      const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
      entries.push({ pid, parentPid: Number(fields[1]), name: stat.slice(stat.indexOf('(') + 1, close), args });
    } catch {} // It ended meanwhile.
  }
  return entries;
}

function makeHost(name: string, address: string, device: string, holder: Holder): Host {
  const host: Host = {
    name,
    address,
    address6: `fd90::${address.split('.')[3]}`,
    device,
    exec: (command, args = [], timeoutMs = 10_000) => exec(holder, command, args, timeoutMs),
    run: (command, args = [], timeoutMs = 10_000) => run(holder, command, args, timeoutMs),
    spawn: (command, args = [], options = {}) => spawnInside(holder, command, args, options),
    processes: () => listProcesses(holder),
    addresses: async () => {
      const text = await host.run('ip', ['-4', '-o', 'addr', 'show', 'dev', device]);
      return [...text.matchAll(/ inet ([\d.]+)/g)].map((match) => match[1]!);
    },
    setLink: async (up) => {
      await host.run('ip', ['link', 'set', device, up ? 'up' : 'down']);
    },
  };
  return host;
}

async function connectHost(sw: Holder, holder: Holder, host: Host, sysctls: Readonly<Record<string, string>>) {
  const port = `p${host.address.split('.')[3]}`;
  const peer = ['peer', 'name', host.device, 'netns', String(holder.pid)];
  // The switch sees the machine's /proc only of its own namespace, so the cable is made from outside it.
  const outside = ['--target', String(sw.pid), '--net', '--'];
  await execOutside('nsenter', [...outside, 'ip', 'link', 'add', port, 'type', 'veth', ...peer]);
  await run(sw, 'ip', ['link', 'set', port, 'master', 'br0', 'up'], 5000);
  const settings = {
    'net.ipv6.conf.all.accept_dad': '0',
    [`net.ipv6.conf.${host.device}.accept_dad`]: '0',
    ...sysctls,
  };
  for (const [key, value] of Object.entries(settings)) {
    const file = `/proc/sys/${key.replaceAll('.', '/')}`;
    await host.run('bash', ['-c', 'echo "$2" > "$1"', 'bash', file, value]);
  }
  await host.run('ip', ['addr', 'add', `${host.address}/24`, 'dev', host.device]);
  await host.run('ip', ['addr', 'add', `${host.address6}/64`, 'dev', host.device, 'nodad']);
  await host.run('ip', ['link', 'set', host.device, 'up']);
}

function execOutside(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const output = collectOutput(child);
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')}: ${output()}`))));
  });
}

async function stopHolder(holder: Holder): Promise<void> {
  const { child } = holder;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.stdin!.end();
  await exited;
}

/** Builds the network. Call `destroy` in `afterAll`. */
export async function createNetwork(options: NetworkOptions): Promise<Network> {
  const given = options.hosts;
  const wanted: [string, string][] = Array.isArray(given)
    ? given.map((name: string, i) => [name, `10.90.0.${i + 1}`])
    : Object.entries(given as Record<string, string>);
  const holders: Holder[] = [];
  const destroy = async (): Promise<void> => {
    await Promise.all(holders.map(stopHolder));
  };
  try {
    const sw = await startHolder('switch');
    holders.push(sw);
    const bridge = [
      'link',
      'add',
      'br0',
      'type',
      'bridge',
      'stp_state',
      '0',
      'forward_delay',
      '0',
      'mcast_snooping',
      '0',
    ];
    await run(sw, 'ip', bridge, 5000);
    await run(sw, 'ip', ['link', 'set', 'br0', 'up'], 5000);
    const hosts: Record<string, Host> = {};
    for (const [name, address] of wanted) {
      const holder = await startHolder(name);
      holders.push(holder);
      hosts[name] = makeHost(name, address, options.device ?? 'eth1', holder);
      await connectHost(sw, holder, hosts[name], options.sysctls ?? {});
    }
    const host = (name: string): Host => {
      const found = hosts[name];
      if (!found) throw new Error(`no host named ${name}`);
      return found;
    };
    return { hosts, host, destroy };
  } catch (error) {
    await destroy();
    throw error;
  }
}
