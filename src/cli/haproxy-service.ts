/** Running as `haproxy`: which mode, whose signals, what is told to whom. */
import type { HaproxyConfig } from '../config/haproxy.ts';
import type { Profile } from '../config/profile.ts';
import { Core } from '../core/core.ts';
import { becomeDaemon } from '../core/daemon.ts';
import { startedByParent } from '../core/daemon-mark.ts';
import { Service } from '../core/service.ts';
import { dieOf, installSignals } from '../core/signals.ts';
import { haproxyWording } from '../core/wording.ts';
import { type LogStyle, openProcessLog } from '../log/process-log.ts';
import type { HaproxyArguments } from './haproxy-arguments.ts';
import type { Program } from './program.ts';

export async function serveHaproxy(
  program: Program,
  args: HaproxyArguments,
  profile: Profile,
  config: HaproxyConfig,
  read: () => Promise<HaproxyConfig | null>,
): Promise<void> {
  const master = args.masterWorker || config.global.masterWorker;
  const daemon = (args.daemon || config.global.daemon) && !args.foreground && !args.tellsServiceManager;
  if (daemon && !startedByParent) {
    becomeDaemon(inheritedFds(config));
    return;
  }
  const form = process.env.TANDEM_LOG === 'json' ? 'json' : 'haproxy';
  const logStyle: LogStyle = { form, console: !args.quiet, syslogFacility: null, detail: false, tag: 'haproxy' };
  const log = await openProcessLog(logStyle);
  const core = new Core({
    mainFile: program.mainFile,
    comm: { proxy: 'haproxy', check: 'haproxy', vrrp: 'haproxy' },
    title: program.title,
    daemon,
    logStyle,
    log,
    wording: haproxyWording(master),
    load: async () => {
      const haproxy = await read();
      return haproxy && { haproxy, keepalived: null };
    },
    reusePort: args.reusePort,
    ignoreUnresolved: args.ignoreUnresolved,
    strictLimits: profile !== 'default',
    oldPids: args.oldPids,
  });
  const pidFile = args.pidFile ?? config.global.pidfile;
  const service = new Service(core, {
    log,
    pidFile: daemon || master ? pidFile : null,
    needsPidFile: true,
    rolePidFiles: {},
    removesPidFiles: false,
    startFailureCode: 1,
    onReady: () => {
      if (master) log('notice', 'Loading success.');
      tellOldProcesses(args);
    },
  });
  const leave = (how: 'stop' | 'soft', finish: () => void) => {
    if (master) log('warning', 'Exiting Master process...');
    void service.end(how, finish);
  };
  const exit = (code: number) => {
    if (master) log('warning', `All workers exited. Exiting... (${code})`);
    process.exit(code);
  };
  installSignals({
    SIGTERM: () => leave('stop', () => (master ? exit(0) : dieOf('SIGTERM'))),
    SIGINT: () => leave('stop', () => (master ? exit(130) : dieOf('SIGINT'))),
    SIGUSR1: () => leave('soft', () => exit(0)),
    SIGUSR2: () => void service.reload(),
    SIGHUP: () => void service.reload(),
    SIGQUIT: () => {},
    SIGALRM: () => {},
    SIGTTOU: () => core.pauseListeners(),
    SIGTTIN: () => core.resumeListeners(),
  });
  await service.start({ haproxy: config, keepalived: null });
}

/** Descriptors that `fd@N` and `sockpair@N` name, which must come through a start in the background. */
export function inheritedFds(config: HaproxyConfig): number[] {
  const listeners = config.proxies.flatMap((proxy) => proxy.listeners);
  const channels = config.proxies.flatMap(({ servers }) => servers.map(({ address }) => address));
  return [
    ...listeners.flatMap(({ address }) => (address.kind === 'fd' || address.kind === 'sockpair' ? [address.fd] : [])),
    ...channels.flatMap((address) => (address.kind === 'unix' ? (address.channel ?? []) : [])),
  ];
}

function tellOldProcesses(args: HaproxyArguments): void {
  for (const pid of args.oldPids) {
    try {
      process.kill(pid, args.oldSignal ?? 'SIGUSR1');
    } catch {}
  }
}
