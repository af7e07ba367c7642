/** Configurations and processes for the tests of the vrrp role: ours and the real keepalived's from one description. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { NotifyConf, ScriptConf, VirtualAddressConf, VrrpInstanceConf } from '../../../src/config/keepalived.ts';
import type { VrrpSlice } from '../../../src/config/slice.ts';
import type { Host, HostProcess } from '../lib/namespaces.ts';
import { repository } from '../lib/requirements.ts';

/** Beside node_modules, so that the packages outside the bundle are found. */
const folder = join(repository, 'node_modules', '.cache', 'tandem-vrrp-test');
const bundle = join(folder, `role-process-${process.pid}.mjs`);
const sender = join(folder, `sender-process-${process.pid}.mjs`);

/** Makes the programs of these tests; call `removeBundles` in `afterAll`. */
export async function bundleRole(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [source, outfile] of [
    ['role-process.ts', bundle],
    ['sender-process.ts', sender],
  ] as const) {
    await build({
      entryPoints: [join(import.meta.dirname, source)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      external: ['koffi', 'netlink'],
    });
  }
}

export function removeBundles(): void {
  for (const file of [bundle, sender]) rmSync(file, { force: true });
}

/** Sends whole IPv4 packets from a host's interface. */
export async function sendPackets(host: Host, packets: readonly Uint8Array[]): Promise<void> {
  const texts = packets.map((packet) => Buffer.from(packet).toString('hex'));
  await host.run(process.execPath, [sender, host.device, ...texts]);
}

export interface TestInstance {
  readonly name?: string;
  readonly device?: string;
  readonly state?: 'MASTER' | 'BACKUP';
  readonly vrid?: number;
  readonly priority: number;
  readonly advertSeconds?: number;
  readonly version?: 2 | 3;
  readonly password?: string | null;
  readonly nopreempt?: boolean;
  readonly preemptDelay?: number;
  readonly addresses?: readonly string[];
  readonly notify?: string;
  readonly unicastPeers?: readonly string[];
  readonly scripts?: readonly TestScript[];
  readonly garpDelay?: number;
}

export interface TestScript {
  readonly name: string;
  readonly command: string;
  readonly interval: number;
  readonly weight: number;
  readonly rise?: number;
  readonly fall?: number;
}

const filled = (test: TestInstance) => ({
  name: 'VI_1',
  device: 'eth1',
  state: 'BACKUP' as const,
  vrid: 51,
  advertSeconds: 1,
  version: 2 as const,
  password: 'secret' as string | null,
  nopreempt: false,
  preemptDelay: 0,
  addresses: ['10.90.0.100'],
  notify: '',
  unicastPeers: [] as readonly string[],
  scripts: [] as readonly TestScript[],
  garpDelay: 5,
  ...test,
});

const place = { file: 'test', line: 1 };

function scriptConf(command: string): ScriptConf {
  return { argv: command.split(' '), text: command, user: null, group: null, place };
}

function notifyConf(command: string): NotifyConf {
  const of = (word: string): ScriptConf | null => (command === '' ? null : scriptConf(`${command} ${word}`));
  return {
    master: of('notify_master'),
    backup: of('notify_backup'),
    fault: of('notify_fault'),
    stop: of('notify_stop'),
    masterRxLowerPri: of('notify_master_rx_lower_pri'),
    all: of('notify'),
  };
}

function addressConf(text: string, device: string): VirtualAddressConf {
  const [address = '', prefix] = text.split('/');
  return {
    address,
    family: 4,
    prefixLength: prefix === undefined ? 32 : Number(prefix),
    device,
    label: null,
    scope: 0,
    broadcast: null,
    noTrack: false,
  };
}

function instanceConf(test: TestInstance): VrrpInstanceConf {
  const all = filled(test);
  return {
    name: all.name,
    place,
    interface: all.device,
    initialState: all.state,
    virtualRouterId: all.vrid,
    priority: all.priority,
    version: all.version,
    family: 4,
    advertIntervalCs: all.advertSeconds * 100,
    nopreempt: all.nopreempt,
    preemptDelayMs: all.preemptDelay * 1000,
    auth: all.password === null ? null : { type: 'PASS', password: all.password },
    mcastSrcIp: null,
    unicastPeers: all.unicastPeers,
    virtualAddresses: all.addresses.map((text) => addressConf(text, all.device)),
    excludedAddresses: [],
    trackScripts: all.scripts.map(({ name, weight }) => ({ script: name, weight, weightReverse: false })),
    trackInterfaces: [],
    notify: notifyConf(all.notify),
    garp: { ...garp, masterDelayMs: all.garpDelay * 1000 },
    dontTrackPrimary: false,
    accept: true,
    strict: false,
  };
}

const garp = {
  masterDelayMs: 5000,
  masterRepeat: 5,
  masterRefreshMs: 0,
  masterRefreshRepeat: 1,
  lowerPrioDelayMs: 5000,
  lowerPrioRepeat: 5,
  intervalUs: 0,
};

export function sliceOf(instances: readonly TestInstance[], groups: VrrpSlice['syncGroups'] = []): VrrpSlice {
  const scripts = instances.flatMap((each) => each.scripts ?? []);
  return {
    globalDefs: {
      routerId: 'test',
      scriptUser: { user: 'root', group: null },
      enableScriptSecurity: false,
      vrrpVersion: 2,
      startupDelayMs: 0,
      strict: false,
      mcastGroup4: '224.0.0.18',
      mcastGroup6: 'ff02::12',
      garp,
      dynamicInterfaces: false,
      instanceName: null,
      notifyFifo: null,
    },
    scripts: scripts.map((script) => ({
      name: script.name,
      script: scriptConf(script.command),
      intervalMs: script.interval * 1000,
      timeoutMs: 0,
      weight: script.weight,
      weightReverse: false,
      rise: script.rise ?? 1,
      fall: script.fall ?? 1,
      initFail: false,
      place,
    })),
    syncGroups: groups,
    instances: instances.map(instanceConf),
  };
}

/** The same instances as a keepalived.conf. */
function keepalivedConf(instances: readonly TestInstance[]): string {
  const lines = ['global_defs {', '  router_id test', '  script_user root', '}'];
  for (const script of instances.flatMap((each) => each.scripts ?? [])) {
    lines.push(`vrrp_script ${script.name} {`, `  script "${script.command}"`, `  interval ${script.interval}`);
    lines.push(`  weight ${script.weight}`, `  rise ${script.rise ?? 1}`, `  fall ${script.fall ?? 1}`, '}');
  }
  for (const test of instances) {
    const all = filled(test);
    lines.push(`vrrp_instance ${all.name} {`, `  interface ${all.device}`, `  state ${all.state}`);
    lines.push(`  virtual_router_id ${all.vrid}`, `  priority ${all.priority}`, `  advert_int ${all.advertSeconds}`);
    lines.push(`  version ${all.version}`, `  garp_master_delay ${all.garpDelay}`);
    if (all.password !== null) {
      lines.push('  authentication {', '    auth_type PASS', `    auth_pass ${all.password}`, '  }');
    }
    if (all.nopreempt) lines.push('  nopreempt');
    if (all.preemptDelay > 0) lines.push(`  preempt_delay ${all.preemptDelay}`);
    if (all.unicastPeers.length > 0) lines.push('  unicast_peer {', ...all.unicastPeers, '  }');
    lines.push('  virtual_ipaddress {', ...all.addresses.map((text) => `    ${text}`), '  }');
    if (all.scripts.length > 0) lines.push('  track_script {', ...all.scripts.map((each) => `    ${each.name}`), '  }');
    if (all.notify !== '') {
      for (const word of [
        'notify_master',
        'notify_backup',
        'notify_fault',
        'notify_stop',
        'notify_master_rx_lower_pri',
        'notify',
      ]) {
        lines.push(`  ${word} "${all.notify} ${word}"`);
      }
    }
    lines.push('}');
  }
  return `${lines.join('\n')}\n`;
}

export interface Node {
  readonly kind: 'ours' | 'keepalived';
  readonly process: HostProcess;
  readonly log: () => string;
  /** Writes another configuration; SIGHUP puts it in force. */
  readonly rewrite: (instances: readonly TestInstance[]) => void;
}

export async function startOurs(
  host: Host,
  slice: VrrpSlice,
  scratch: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Node> {
  const file = join(scratch, `${host.name}.json`);
  writeFileSync(file, JSON.stringify(slice));
  const process_ = await host.spawn(process.execPath, [bundle, file], { env: { ...process.env, ...env } });
  return {
    kind: 'ours',
    process: process_,
    log: process_.output,
    rewrite: (instances) => writeFileSync(file, JSON.stringify(sliceOf(instances))),
  };
}

export async function startKeepalived(
  host: Host,
  instances: readonly TestInstance[],
  scratch: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Node> {
  const file = join(scratch, `${host.name}.conf`);
  writeFileSync(file, keepalivedConf(instances));
  const pids = ['-p', '-r', '-c'].flatMap((flag) => [flag, join(scratch, `${host.name}${flag}.pid`)]);
  const process_ = await host.spawn('keepalived', ['-n', '-l', '-D', '-f', file, ...pids], {
    env: { ...process.env, ...env },
  });
  return {
    kind: 'keepalived',
    process: process_,
    log: process_.output,
    rewrite: (changed) => writeFileSync(file, keepalivedConf(changed)),
  };
}
