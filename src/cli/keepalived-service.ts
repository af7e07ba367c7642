/** Running as `keepalived`: where it logs, whose signals, which pid files. */
import type { KeepalivedConfig } from '../config/keepalived.ts';
import type { Profile } from '../config/profile.ts';
import { Core, type RunConfig } from '../core/core.ts';
import { becomeDaemon } from '../core/daemon.ts';
import { startedByParent } from '../core/daemon-mark.ts';
import { runningPid } from '../core/pid-file.ts';
import { Service } from '../core/service.ts';
import { installSignals } from '../core/signals.ts';
import { keepalivedWording } from '../core/wording.ts';
import { type LogStyle, openProcessLog, type ProcessLog } from '../log/process-log.ts';
import type { KeepalivedArguments } from './keepalived-arguments.ts';
import { describeInert, loadFile } from './keepalived-entry.ts';
import { type Program, versionOf } from './program.ts';

const EXIT_CONFIG = 2;

export async function serveKeepalived(program: Program, args: KeepalivedArguments, profile: Profile): Promise<void> {
  const daemon = !args.foreground;
  if (daemon && !startedByParent) {
    becomeDaemon([]);
    return;
  }
  const logStyle = logStyleOf(args);
  const log = await openProcessLog(logStyle);
  const version = versionOf('keepalived', profile);
  if (runningPid(args.pidFile) !== null) {
    log('error', 'daemon is already running');
    process.exit(0);
  }
  log('info', `Starting Keepalived v${version}`);
  log('info', `Command line: ${['keepalived', ...program.args].map((word) => `'${word}'`).join(' ')}`);
  for (const line of describeInert(args)) log('warning', line);
  const config = await readConfig(args, profile, log);
  if (!config) {
    log('info', `Stopped Keepalived v${version}`);
    process.exit(EXIT_CONFIG);
  }
  const core = new Core({
    mainFile: program.mainFile,
    comm: { proxy: 'keepalived', check: 'keepalived', vrrp: 'keepalived' },
    title: program.title,
    daemon,
    logStyle,
    log,
    wording: keepalivedWording,
    load: () => readConfig(args, profile, log),
    onForked: (role, pid) => service.writeRolePid(role, pid),
    reusePort: true,
    ignoreUnresolved: false,
    strictLimits: false,
    oldPids: [],
  });
  const service = new Service(core, {
    log,
    pidFile: args.pidFile,
    needsPidFile: false,
    rolePidFiles: { vrrp: args.vrrpPidFile, check: args.checkPidFile },
    removesPidFiles: true,
    startFailureCode: EXIT_CONFIG,
    onReady: () => log('info', 'Startup complete'),
  });
  const stop = () => {
    log('info', 'Stopping');
    void service.end('stop', () => {
      log('info', `Stopped Keepalived v${version}`);
      process.exit(0);
    });
  };
  installSignals({
    SIGTERM: stop,
    SIGINT: args.ignoreSigint ? () => {} : stop,
    SIGHUP: () => void service.reload(),
    SIGUSR1: () => core.dump('data'),
    SIGUSR2: () => core.dump('stats'),
  });
  await service.start(config);
}

function logStyleOf(args: KeepalivedArguments): LogStyle {
  return {
    form: process.env.TANDEM_LOG === 'json' ? 'json' : 'keepalived',
    console: args.console,
    syslogFacility: args.noSyslog ? null : args.facility,
    detail: args.detail,
    tag: 'Keepalived',
  };
}

/** keepalived runs on what it understood of a file; only a file that cannot be read at all stops it. */
async function readConfig(args: KeepalivedArguments, profile: Profile, log: ProcessLog): Promise<RunConfig | null> {
  log('info', `Configuration file ${args.file}`);
  const { config, lines } = await loadFile(args, profile);
  for (const line of lines) log('warning', line);
  if (!config) return null;
  if (config.instances.length === 0) log('warning', 'Warning - keepalived has no configuration to run');
  return { haproxy: null, keepalived: args.onlyCheck ? withoutVrrp(config) : config };
}

function withoutVrrp(config: KeepalivedConfig): KeepalivedConfig {
  return { ...config, instances: [], syncGroups: [] };
}
