/** Running as `tandem`: the roles of both programs under one core. */
import type { Profile } from '../config/profile.ts';
import { Core } from '../core/core.ts';
import { becomeDaemon } from '../core/daemon.ts';
import { startedByParent } from '../core/daemon-mark.ts';
import { Service } from '../core/service.ts';
import { installSignals } from '../core/signals.ts';
import { haproxyWording } from '../core/wording.ts';
import { type LogStyle, openProcessLog } from '../log/process-log.ts';
import { inheritedFds } from './haproxy-service.ts';
import type { Program } from './program.ts';
import type { TandemArguments } from './tandem-arguments.ts';
import type { BothConfigs } from './tandem-entry.ts';

export async function serveTandem(
  program: Program,
  args: TandemArguments,
  profile: Profile,
  config: BothConfigs,
  load: () => Promise<BothConfigs | null>,
): Promise<void> {
  if (args.daemon && !startedByParent) {
    becomeDaemon(config.haproxy ? inheritedFds(config.haproxy) : []);
    return;
  }
  const form = args.json ? 'json' : 'haproxy';
  const logStyle: LogStyle = { form, console: !args.quiet, syslogFacility: null, detail: args.detail, tag: 'tandem' };
  const log = await openProcessLog(logStyle);
  const core = new Core({
    mainFile: program.mainFile,
    // Track scripts of old set-ups ask for these names.
    comm: { proxy: 'haproxy', check: 'tandem', vrrp: 'keepalived' },
    title: program.title,
    daemon: args.daemon,
    logStyle,
    log,
    wording: { ...haproxyWording(true), reloading: 'Reloading' },
    load,
    reusePort: true,
    ignoreUnresolved: false,
    strictLimits: profile !== 'default',
    oldPids: [],
  });
  const service = new Service(core, {
    log,
    pidFile: args.pidFile,
    needsPidFile: true,
    rolePidFiles: {},
    removesPidFiles: true,
    startFailureCode: 1,
    onReady: () => log('notice', 'Loading success.'),
  });
  const stop = () => void service.end('stop', () => process.exit(0));
  installSignals({
    SIGTERM: stop,
    SIGINT: stop,
    SIGUSR1: () => void service.end('soft', () => process.exit(0)),
    SIGUSR2: () => void service.reload(),
    SIGHUP: () => void service.reload(),
    SIGQUIT: () => {},
  });
  await service.start(config);
}
