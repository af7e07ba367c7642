/**
 * Core: the parent of all roles. Puts configurations in force and keeps the roles running; the rest of the program
 * tells it what to load and when to reload or stop.
 *
 *     load -> look up server names -> plan sockets -> new proxy generation ready -> old one asked to leave
 *                                                  -> check and vrrp take the new configuration in place
 *
 * A configuration that cannot be put in force at the start ends the program (`StartFailure`); at a reload everything
 * stays as it was. Reload requests that arrive during a reload are answered by one more reload.
 */
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HaproxyConfig } from '../config/haproxy.ts';
import type { KeepalivedConfig } from '../config/keepalived.ts';
import { type CheckSlice, sliceForCheck, sliceForProxy, sliceForVrrp } from '../config/slice.ts';
import { sendTo } from '../ipc/channel.ts';
import type { FromCheck, FromVrrp, InheritedSocket, ToCheck, ToProxy, ToVrrp } from '../ipc/messages.ts';
import type { LogLevel, LogStyle, ProcessLog } from '../log/process-log.ts';
import { createMemfd } from '../os/memfd.ts';
import { readFdLimit } from '../os/process.ts';
import { findNeeds, raiseFdLimit } from './fd-limit.ts';
import { KnownHealth } from './known-health.ts';
import { ListeningSockets, type SocketPlan } from './listening-sockets.ts';
import { Mastership } from './mastership.ts';
import { type Revision, RoleKeeper } from './role-keeper.ts';
import { launchRole, numberInRole, type RoleName, STATE_FD } from './role-process.ts';
import { type RoleEnd, RoleFailure, type RoleMessage } from './role-run.ts';
import { findChannels, findMissingChannels, renumberChannels } from './server-channels.ts';
import { lookUpServers } from './server-hosts.ts';
import { findMissingNamespaces } from './server-namespaces.ts';
import { findLostRights } from './server-rights.ts';
import type { Wording } from './wording.ts';

/** What is to run: null for a language of which no file was given. */
export interface RunConfig {
  readonly haproxy: HaproxyConfig | null;
  readonly keepalived: KeepalivedConfig | null;
}

export interface CoreOptions {
  readonly mainFile: string;
  /** Short names in the process table. */
  readonly comm: Readonly<Record<RoleName, string>>;
  readonly title: string;
  readonly daemon: boolean;
  readonly logStyle: LogStyle;
  readonly log: ProcessLog;
  readonly wording: Wording;
  /** Reads the files again; null when they have errors, which it has then reported. */
  readonly load: () => Promise<RunConfig | null>;
  readonly onForked?: (role: RoleName, pid: number) => void;
  readonly reusePort: boolean;
  /** HAProxy's -dr. */
  readonly ignoreUnresolved: boolean;
  /** Too few descriptors: refuse to start, as HAProxy does since 2.3. */
  readonly strictLimits: boolean;
  /** Processes that may hold our addresses and are asked to let go of them (SIGTTOU), as with `-sf`. */
  readonly oldPids: readonly number[];
}

/** Why a configuration cannot be put in force, in lines ready to be logged. */
export class StartFailure extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

const nodeOptions: Readonly<Record<RoleName, readonly string[]>> = {
  proxy: [],
  check: ['--max-old-space-size=128', '--max-semi-space-size=1'],
  vrrp: ['--max-old-space-size=128', '--max-semi-space-size=1'],
};

const BIND_TRIES = 200;
const BIND_PAUSE_MS = 10;
/** Between the last request to pause and the one to go on. */
const RESUME_PAUSE_MS = 50;
const PROXY_STOP_DEADLINE_MS = 3000;
/** vrrp runs notify_stop scripts before it ends. */
const VRRP_STOP_DEADLINE_MS = 15_000;
const CHECK_STOP_DEADLINE_MS = 1000;

const NO_CHECKS: CheckSlice = { spreadChecks: 0, targets: [], rights: { user: null, group: null, chroot: null } };

export class Core {
  private readonly options: CoreOptions;
  private readonly sockets: ListeningSockets;
  private readonly keepers: Readonly<Record<RoleName, RoleKeeper>>;
  private readonly health = new KnownHealth();
  private readonly mastership = new Mastership();
  /** Before anything was raised: every configuration is fitted into the same limit. */
  private readonly fdLimit = readFdLimit();
  /** Which rights the check role has given up: with others it must be another process. */
  private checkRights = '';
  private stateFd = -1;
  private generation = 0;
  private started: Promise<void> = Promise.resolve();
  private reloading: Promise<boolean> | null = null;
  private reloadAgain = false;
  /** Abstract sockets were closed for another program. */
  private hasReleased = false;
  private stopping = false;

  constructor(options: CoreOptions) {
    this.options = options;
    this.sockets = new ListeningSockets(options.reusePort);
    const events = {
      message: (message: RoleMessage) => this.receive(message),
      forked: (role: RoleName, pid: number) => {
        this.say(options.wording.forked(role, pid));
        options.onForked?.(role, pid);
      },
      died: (role: RoleName, pid: number, end: RoleEnd, delayMs: number) => {
        if (role === 'vrrp') this.mastership.roleDied();
        this.say(options.wording.died(role, pid, end, delayMs));
      },
      retired: (role: RoleName, pid: number, end: RoleEnd) => this.say(options.wording.retired(role, pid, end)),
    };
    this.keepers = {
      proxy: new RoleKeeper('proxy', events),
      check: new RoleKeeper('check', events),
      vrrp: new RoleKeeper('vrrp', events),
    };
  }

  /** Resolves when every role that is needed serves. */
  start(config: RunConfig): Promise<void> {
    this.started = this.putInForce(config);
    return this.started;
  }

  /**
   * Reads the files again. Resolves when the reload, and any that was asked for meanwhile, is over: is what the files
   * say in force?
   */
  reload(): Promise<boolean> {
    if (this.stopping) return Promise.resolve(false);
    if (this.reloading) this.reloadAgain = true;
    this.reloading ??= this.reloadUntilCurrent().finally(() => {
      this.reloading = null;
    });
    return this.reloading;
  }

  /** Stops listening, so that another program can take the ports over; connections go on (SIGTTOU). */
  pauseListeners(): void {
    for (const proxy of this.sockets.pause()) this.options.log('warning', `Paused ${proxy}.`);
    const listenerIds = this.sockets.release();
    if (listenerIds.length === 0) return;
    this.hasReleased = true;
    const { child } = this.keepers.proxy;
    if (child) sendTo<ToProxy>(child, { type: 'release', listenerIds });
  }

  /** What was released takes a new generation of the proxy. */
  resumeListeners(): void {
    for (const proxy of this.sockets.resume()) this.options.log('warning', `Resumed ${proxy}.`);
    if (!this.hasReleased) return;
    this.hasReleased = false;
    void this.reload();
  }

  dump(what: 'data' | 'stats'): void {
    const { child } = this.keepers.vrrp;
    if (child) sendTo<ToVrrp>(child, { type: 'dump', what });
  }

  /** Gives up the addresses, lets connections end by themselves, and resolves when the last one has. */
  async stopSoftly(): Promise<void> {
    this.stopping = true;
    await this.stopVrrp();
    this.sockets.close();
    await this.keepers.proxy.stop((child) => sendTo<ToProxy>(child, { type: 'soft-stop' }), null);
    await this.stopCheck();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const askProxy = (child: ChildProcess) => sendTo<ToProxy>(child, { type: 'stop' });
    const proxy = this.keepers.proxy.stop(askProxy, PROXY_STOP_DEADLINE_MS);
    await Promise.all([this.stopVrrp(), proxy, this.stopCheck()]);
    this.sockets.close();
  }

  private stopVrrp(): Promise<void> {
    return this.keepers.vrrp.stop((child) => sendTo<ToVrrp>(child, { type: 'stop' }), VRRP_STOP_DEADLINE_MS);
  }

  private stopCheck(): Promise<void> {
    return this.keepers.check.stop((child) => sendTo<ToCheck>(child, { type: 'stop' }), CHECK_STOP_DEADLINE_MS);
  }

  private say([level, text]: readonly [LogLevel, string]): void {
    if (text !== '') this.options.log(level, text);
  }

  private async reloadUntilCurrent(): Promise<boolean> {
    await this.started.catch(() => {}); // Whoever started us has been told.
    let isCurrent = false;
    do {
      this.reloadAgain = false;
      isCurrent = !this.stopping && (await this.reloadOnce());
    } while (this.reloadAgain);
    return isCurrent;
  }

  private async reloadOnce(): Promise<boolean> {
    const { wording, log, load } = this.options;
    log('notice', wording.reloading);
    const config = await load();
    if (!config) {
      log('error', wording.reloadRefused);
      return false;
    }
    try {
      await this.putInForce(config);
      log('notice', wording.reloaded);
      return true;
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      for (const line of error.lines) log('error', line);
      log('error', wording.reloadRefused);
      return false;
    }
  }

  private async putInForce(config: RunConfig): Promise<void> {
    const generation = this.generation + 1;
    const haproxy = config.haproxy && this.fitLimits(await this.lookUp(config.haproxy));
    if (this.stopping) return;
    const checks = haproxy ? sliceForCheck(haproxy) : NO_CHECKS;
    if (this.generation > 0) {
      await this.changeProxy(haproxy, checks, generation);
      if (this.stopping) return;
      this.generation = generation;
      this.health.setTargets(checks);
      this.tellHealth(checks);
      await this.changeOthers(config, checks, generation).catch((error: unknown) => this.reportFailure(error));
      return;
    }
    this.generation = generation;
    this.health.setTargets(checks);
    await Promise.all([this.changeProxy(haproxy, checks, generation), this.changeOthers(config, checks, generation)]);
  }

  /** Once a configuration is in force, a role that cannot follow is started again as if it had died. */
  private reportFailure(error: unknown): void {
    if (!(error instanceof StartFailure)) throw error;
    for (const line of error.lines) this.options.log('error', line);
  }

  private async lookUp(config: HaproxyConfig): Promise<HaproxyConfig> {
    const { config: found, problems, remarks } = await lookUpServers(config);
    for (const remark of remarks) this.options.log('warning', remark);
    const lost = findLostRights(found);
    if (lost !== null) throw new StartFailure([lost]);
    const missing = [...findMissingNamespaces(found), ...findMissingChannels(found)];
    if (missing.length > 0) throw new StartFailure(missing);
    if (problems.length === 0) return found;
    if (!this.options.ignoreUnresolved) throw new StartFailure(problems);
    for (const problem of problems) this.options.log('warning', problem);
    return found;
  }

  private fitLimits(config: HaproxyConfig): HaproxyConfig {
    const threads = config.global.nbthread ?? availableParallelism();
    const { maxconn, descriptors } = findNeeds(config, this.fdLimit, threads);
    const ulimitN = config.global.ulimitN ?? descriptors;
    const verdict = raiseFdLimit(config, this.fdLimit, threads);
    if (!verdict) return { ...config, global: { ...config.global, maxconn, ulimitN } };
    const text = `[haproxy.main()] ${verdict.problem}`;
    if (config.global.limits.strict ?? this.options.strictLimits) throw new StartFailure([text]);
    this.options.log('warning', text);
    // Whoever says so wants all of them, as in HAProxy: what finds no descriptor waits in the backlog.
    if (config.global.limits.strict === false) return { ...config, global: { ...config.global, maxconn } };
    if (verdict.maxconn < maxconn) {
      this.options.log('warning', `[haproxy.main()] The FD limit lowers maxconn to ${verdict.maxconn}.`);
    }
    return { ...config, global: { ...config.global, maxconn: verdict.maxconn } };
  }

  private async changeProxy(config: HaproxyConfig | null, checks: CheckSlice, generation: number): Promise<void> {
    const keeper = this.keepers.proxy;
    const askSoftly = (child: ChildProcess) => sendTo<ToProxy>(child, { type: 'soft-stop' });
    if (!config?.proxies.some((proxy) => !proxy.disabled)) {
      void keeper.stop(askSoftly, null);
      this.sockets.close();
      return;
    }
    const { sockets, problems } = await this.planSockets(config, generation);
    try {
      if (problems.length > 0) throw new StartFailure([...problems, this.options.wording.notListening]);
      await this.orFail('proxy', keeper.replace(this.proxyRevision(config, checks, sockets, generation), askSoftly));
    } catch (error) {
      this.sockets.drop();
      throw error;
    }
    this.sockets.keep();
  }

  /** Old processes need a moment to let go of their ports: up to two seconds, as in HAProxy. */
  private async planSockets(config: HaproxyConfig, generation: number): Promise<SocketPlan> {
    let plan = this.sockets.plan(config);
    if (generation > 1) return plan;
    for (let tries = 0; plan.problems.length > 0 && tries < BIND_TRIES && this.pauseOld(); tries++) {
      this.sockets.drop();
      await sleep(BIND_PAUSE_MS);
      plan = this.sockets.plan(config);
    }
    if (plan.problems.length > 0 && this.options.oldPids.length > 0) {
      // Before they go on: they may want an abstract address back.
      this.sockets.drop();
      // Of two signals that wait, this one would be delivered first.
      await sleep(RESUME_PAUSE_MS);
      this.signalOld('SIGTTIN');
    }
    return plan;
  }

  /** False when there is nobody to ask. */
  private pauseOld(): boolean {
    return this.signalOld('SIGTTOU') > 0;
  }

  /** How many there were. */
  private signalOld(signal: NodeJS.Signals): number {
    const asked = this.options.oldPids.filter((pid) => {
      try {
        return process.kill(pid, signal);
      } catch {
        return false;
      }
    });
    return asked.length;
  }

  private async changeOthers(config: RunConfig, checks: CheckSlice, generation: number): Promise<void> {
    const needsCheck = checks.targets.length > 0;
    const rights = JSON.stringify(checks.rights);
    if (rights !== this.checkRights) await this.stopCheck();
    this.checkRights = rights;
    const needsVrrp = (config.keepalived?.instances.length ?? 0) > 0;
    await Promise.all([
      needsCheck
        ? this.orFail('check', this.keepers.check.reconfigure(this.checkRevision(checks, generation)))
        : this.stopCheck(),
      needsVrrp && config.keepalived
        ? this.orFail('vrrp', this.keepers.vrrp.reconfigure(this.vrrpRevision(config.keepalived, generation)))
        : this.stopVrrp(),
    ]);
  }

  private async orFail(role: RoleName, done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      if (error instanceof RoleFailure) throw new StartFailure([`The ${role} process ${error.message}`]);
      throw error;
    }
  }

  private proxyRevision(
    config: HaproxyConfig,
    checks: CheckSlice,
    sockets: readonly InheritedSocket[],
    generation: number,
  ): Revision {
    const channels = findChannels(config);
    let held = sockets;
    return {
      generation,
      launch: () => {
        held = sockets.filter((socket) => this.sockets.holds(socket));
        return this.launch('proxy', this.openState(), [...held, ...channels]);
      },
      configure: (child) => {
        const numbered = numberInRole([...held, ...channels]);
        const own = numbered.slice(0, held.length);
        const conf = renumberChannels(sliceForProxy(config), channels, numbered.slice(held.length));
        sendTo<ToProxy>(child, { type: 'config', generation, conf, sockets: own, stateFd: STATE_FD });
        const states = this.health.replayFor(checks);
        if (states.length > 0) sendTo<ToProxy>(child, { type: 'server-health', generation, states });
        sendTo<ToProxy>(child, { type: 'config-done', generation });
      },
    };
  }

  private checkRevision(conf: CheckSlice, generation: number): Revision {
    return {
      generation,
      launch: () => this.launch('check', null, []),
      configure: (child) => {
        sendTo<ToCheck>(child, { type: 'config', generation, conf, known: this.health.replayFor(conf) });
        sendTo<ToCheck>(child, { type: 'config-done', generation });
      },
    };
  }

  private vrrpRevision(config: KeepalivedConfig, generation: number): Revision {
    const conf = sliceForVrrp(config);
    return {
      generation,
      launch: () => this.launch('vrrp', null, []),
      configure: (child) => {
        sendTo<ToVrrp>(child, { type: 'config', generation, conf, died: this.mastership.takeDeath() });
        sendTo<ToVrrp>(child, { type: 'config-done', generation });
      },
    };
  }

  private launch(role: RoleName, stateFd: number | null, sockets: readonly InheritedSocket[]): ChildProcess {
    const { mainFile, comm, title, daemon, logStyle, wording } = this.options;
    const log = { ...logStyle, tag: wording.tags[role] };
    const start = { comm: comm[role], title, log };
    return launchRole({ role, mainFile, start, nodeOptions: nodeOptions[role], daemon, stateFd, sockets });
  }

  /** The proxy's counters and tables outlive it in this memory. */
  private openState(): number {
    if (this.stateFd < 0) this.stateFd = createMemfd('tandem-proxy');
    if (this.stateFd < 0) throw new StartFailure([`cannot create shared memory: errno ${-this.stateFd}`]);
    return this.stateFd;
  }

  /** To a new proxy generation: what came while it was getting ready went to the old one. */
  private tellHealth(checks: CheckSlice): void {
    const { child } = this.keepers.proxy;
    const states = this.health.replayFor(checks);
    if (!child || states.length === 0) return;
    sendTo<ToProxy>(child, { type: 'server-health', generation: this.generation, states });
  }

  private receive(message: RoleMessage): void {
    if (message.type === 'state') this.mastership.learn(message as Extract<FromVrrp, { type: 'state' }>);
    if (message.type !== 'server-health') return;
    const health = message as Extract<FromCheck, { type: 'server-health' }>;
    if (health.generation !== this.generation) return;
    this.health.learn(health.states);
    for (const child of this.keepers.proxy.receivers(this.generation)) sendTo<ToProxy>(child, health);
  }
}
