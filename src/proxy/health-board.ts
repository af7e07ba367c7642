/**
 * What the proxy's main thread knows of its servers' health, and the log lines that changes of it make.
 *
 * The check role decides; this keeps the last state for new workers, lets servers that `track` another follow it, and
 * says what happened to the backend's log targets and to standard error, in HAProxy's words (health-text.ts).
 */
import type { ProxyConf, ServerConf } from '../config/haproxy.ts';
import type { ProxySlice } from '../config/slice.ts';
import type { ServerHealth } from '../ipc/messages.ts';
import { SyslogSender, syslogOrigin } from '../log/syslog-sender.ts';
import { QCUR, type RowMap, SCUR, serverKey } from './counter-layout.ts';
import type { Counters } from './counters.ts';
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
      for (const server of proxy.servers) this.addServer({ proxy, server });
    }
  }

  private addServer(subject: Subject): void {
    const { proxy, server } = subject;
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
    const hadServers = this.isServed(subject.proxy);
    this.states.set(key, state);
    if (state.event === 'replay') return;
    if (via === null && subject.proxy.logHealthChecks && isNews(last, state))
      this.tell(subject.proxy, resultLine(describe(subject), state));
    if (state.event !== 'transition') return;
    const counts = this.countServers(subject, state);
    this.tell(subject.proxy, transitionLine(describe(subject), state, counts, via));
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
    this.tell(subject.proxy, fullSpeedLine(describe(subject), this.countServers(subject, state), via));
  }

  private countServers({ proxy, server }: Subject, state: ServerHealth): HealthCounts {
    const up = proxy.servers.filter((s) => this.isUp(proxy, s));
    const row = this.rows.servers.get(serverKey(proxy.id, server.id))!;
    return {
      active: up.filter((s) => !s.backup).length,
      backup: up.filter((s) => s.backup).length,
      sessions: state.up ? 0 : this.counters.gauge(row, SCUR),
      requeued: 0,
      queued: this.counters.gauge(this.rows.backends.get(proxy.id)!, QCUR),
    };
  }

  private isServed(proxy: ProxyConf): boolean {
    return proxy.servers.some((server) => this.isUp(proxy, server));
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

function describe({ proxy, server }: Subject): HealthSubject {
  return {
    proxyName: proxy.name,
    serverName: server.name,
    backup: server.backup,
    drained: server.weight === 0,
    logHealthChecks: proxy.logHealthChecks,
  };
}
