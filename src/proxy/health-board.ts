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
import { type HealthLine, type HealthSubject, isNews, resultLine, transitionLines } from './health-text.ts';
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
    this.followers.set(key, [...(this.followers.get(key) ?? []), subject]);
  }

  get known(): readonly ServerHealth[] {
    return [...this.states.values()];
  }

  /** Returns what workers must know: the states given, and those of servers that follow them. */
  take(states: readonly ServerHealth[]): ServerHealth[] {
    const all = states.flatMap((state) => [state, ...this.follow(state)]);
    for (const state of all) this.takeOne(state);
    return all;
  }

  private follow(state: ServerHealth): ServerHealth[] {
    const following = this.followers.get(serverKey(state.proxyId, state.serverId)) ?? [];
    return following.flatMap(({ proxy, server }) => {
      const own = { ...state, proxyId: proxy.id, serverId: server.id };
      return [own, ...this.follow(own)];
    });
  }

  private takeOne(state: ServerHealth): void {
    const key = serverKey(state.proxyId, state.serverId);
    const subject = this.subjects.get(key);
    if (subject === undefined) return;
    const last = this.states.get(key) ?? null;
    this.states.set(key, state);
    if (state.event === 'replay') return;
    if (subject.proxy.logHealthChecks && isNews(last, state))
      this.tell(subject.proxy, resultLine(describe(subject), state));
    if (state.event === 'transition') this.tellTransition(subject, state);
  }

  private tellTransition(subject: Subject, state: ServerHealth): void {
    const { proxy, server } = subject;
    const up = proxy.servers.filter((s) => this.isUp(proxy, s));
    const row = this.rows.servers.get(serverKey(proxy.id, server.id))!;
    const counts = {
      active: up.filter((s) => !s.backup).length,
      backup: up.filter((s) => s.backup).length,
      sessions: state.up ? 0 : this.counters.gauge(row, SCUR),
      requeued: 0,
      queued: this.counters.gauge(this.rows.backends.get(proxy.id)!, QCUR),
    };
    for (const line of transitionLines(describe(subject), state, counts)) this.tell(proxy, line);
  }

  private isUp(proxy: ProxyConf, server: ServerConf): boolean {
    const health = this.states.get(serverKey(proxy.id, server.id)) ?? null;
    return effectiveState(server.disabled ? 'maint' : 'ready', health) === 'up';
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
