/**
 * What the proxy's main thread knows of its servers' health, and the log lines that changes of it make.
 *
 * The check role decides; this keeps the last state for new workers, lets servers that `track` another follow it, and
 * says what happened to the backend's log targets and to standard error, in HAProxy's words (health-text.ts).
 */
import type { ProxyConf, ServerConf } from '../../config/haproxy.ts';
import type { ProxySlice } from '../../config/slice.ts';
import type { ServerHealth } from '../../ipc/messages.ts';
import { SyslogSender, syslogOrigin } from '../../log/syslog-sender.ts';
import { QCUR, type RowMap, SCUR, SERVED, serverKey } from '../counter-layout.ts';
import type { Counters } from '../counters.ts';
import {
  fullSpeedLine,
  type HealthCounts,
  type HealthLine,
  type HealthSubject,
  isNews,
  lastServerLine,
  resultLine,
  transitionLine,
} from './health-text.ts';
import { effectiveState } from './server.ts';

interface Subject {
  readonly proxy: ProxyConf;
  readonly server: ServerConf;
}

export class HealthBoard {
  private readonly subjects = new Map<string, Subject>();
  private readonly followers = new Map<string, Subject[]>();
  private readonly states = new Map<string, ServerHealth>();
  /** Servers of each proxy that are up. */
  private readonly usable = new Map<number, { active: number; backup: number }>();
  private readonly senders = new Map<number, SyslogSender>();
  private readonly counters: Counters;
  private readonly rows: RowMap;
  private readonly quiet: boolean;

  constructor(slice: ProxySlice, counters: Counters, rows: RowMap) {
    this.counters = counters;
    this.rows = rows;
    this.quiet = slice.global.quiet;
    for (const proxy of slice.proxies) {
      const origin = syslogOrigin(proxy.logTag ?? slice.global.logTag, slice.global.logSendHostname);
      this.senders.set(proxy.id, new SyslogSender(proxy.logs, origin));
      this.usable.set(proxy.id, { active: 0, backup: 0 });
      for (const server of proxy.servers) this.addServer({ proxy, server });
    }
  }

  private addServer(subject: Subject): void {
    const { proxy, server } = subject;
    this.count(subject, 1);
    this.subjects.set(serverKey(proxy.id, server.id), subject);
    if (server.track === null) return;
    const key = serverKey(server.track.proxyId, server.track.serverId);
    this.followers.set(key, [subject, ...(this.followers.get(key) ?? [])]);
  }

  get known(): readonly ServerHealth[] {
    return [...this.states.values()];
  }

  /** Returns what workers must know: the states given, and those of servers that follow them. */
  take(states: readonly ServerHealth[]): ServerHealth[] {
    return states.flatMap((state) => this.takeWithFollowers(state, null));
  }

  /** `via`: the server that this one tracks. Those that track it come at once, the one declared last first. */
  private takeWithFollowers(state: ServerHealth, via: string | null): ServerHealth[] {
    const key = serverKey(state.proxyId, state.serverId);
    const subject = this.subjects.get(key);
    if (subject !== undefined) this.takeOne(subject, key, state, via);
    const name = subject === undefined ? null : `${subject.proxy.name}/${subject.server.name}`;
    const followers = this.followers.get(key) ?? [];
    const others = followers.flatMap(({ proxy, server }) =>
      this.takeWithFollowers({ ...state, proxyId: proxy.id, serverId: server.id }, name),
    );
    return [state, ...others];
  }

  private takeOne(subject: Subject, key: string, state: ServerHealth, via: string | null): void {
    const last = this.states.get(key) ?? null;
    const counts = this.usable.get(subject.proxy.id)!;
    const hadServers = counts.active + counts.backup > 0;
    this.count(subject, -1);
    this.states.set(key, state);
    this.count(subject, 1);
    if (state.event === 'replay') return;
    if (via === null && subject.proxy.logHealthChecks && isNews(last, state))
      this.tell(subject.proxy, resultLine(describe(subject), state));
    if (state.event !== 'transition') return;
    this.tell(subject.proxy, transitionLine(describe(subject), state, this.countAll(subject, state), via));
    if (hadServers && counts.active + counts.backup === 0) this.tell(subject.proxy, lastServerLine(subject.proxy));
  }

  /** `slowstart` is over: the server runs at full speed. */
  endSlowStart(proxyId: number, serverId: number): void {
    const key = serverKey(proxyId, serverId);
    const subject = this.subjects.get(key);
    const state = this.states.get(key);
    if (subject === undefined || state === undefined) return;
    const { track } = subject.server;
    const tracked = track === null ? undefined : this.subjects.get(serverKey(track.proxyId, track.serverId));
    const via = tracked === undefined ? null : `${tracked.proxy.name}/${tracked.server.name}`;
    this.tell(subject.proxy, fullSpeedLine(describe(subject), this.countAll(subject, state), via));
  }

  private countAll({ proxy, server }: Subject, state: ServerHealth): HealthCounts {
    const row = this.rows.servers.get(serverKey(proxy.id, server.id))!;
    const waiting = this.counters.gauge(row, QCUR);
    const requeued = state.up ? this.countTaken(proxy, server, row) : leavesQueue(proxy) ? waiting : 0;
    return {
      ...this.usable.get(proxy.id)!,
      sessions: state.up ? 0 : this.counters.gauge(row, SCUR),
      requeued,
      queued: state.up ? waiting : waiting - requeued,
    };
  }

  /** Sessions waiting for any server that this one has room for now that it is up. */
  private countTaken(proxy: ProxyConf, server: ServerConf, row: number): number {
    const { active } = this.usable.get(proxy.id)!;
    if (server.weight === 0 || (server.backup && active > 0)) return 0;
    const waiting = this.counters.gauge(this.rows.backends.get(proxy.id)!, QCUR);
    if (server.maxconn === 0) return waiting;
    const limit = server.slowstartMs > 0 ? 1 : server.maxconn;
    return Math.min(waiting, Math.max(0, limit - this.counters.gauge(row, SERVED)));
  }

  /** Counts a server in or out, if it is up. */
  private count({ proxy, server }: Subject, change: 1 | -1): void {
    if (!this.isUp(proxy, server)) return;
    const counts = this.usable.get(proxy.id)!;
    if (server.backup) counts.backup += change;
    else counts.active += change;
  }

  /** A server of weight 0 is none that anybody could be sent to. */
  private isUp(proxy: ProxyConf, server: ServerConf): boolean {
    const health = this.states.get(serverKey(proxy.id, server.id)) ?? null;
    return (
      server.weight > 0 &&
      effectiveState(server.disabled || server.inheritsMaintenance ? 'maint' : 'ready', health) === 'up'
    );
  }

  private tell(proxy: ProxyConf, line: HealthLine): void {
    this.senders.get(proxy.id)!.send(line.severity, line.text);
    if (this.quiet) return;
    const tag = `[${line.stderr.tag}]`.padEnd(10);
    process.stderr.write(`${tag} (${process.pid}) : ${line.stderr.text}\n`);
  }
}

/** Sessions that wait for a server that went away may be sent elsewhere. */
function leavesQueue({ redispatch, persistence }: ProxyConf): boolean {
  return redispatch !== null && !persistence.persist;
}

function describe({ proxy, server }: Subject): HealthSubject {
  return {
    proxyName: proxy.name,
    serverName: server.name,
    backup: server.backup,
    drained: server.weight === 0,
    logHealthChecks: proxy.logHealthChecks,
  };
}
