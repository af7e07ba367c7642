/**
 * A backend in mode log as a thread sees it: which of its servers gets a line, and how the line gets there (manual,
 * chapter 4.2 "mode log"; `log backend@NAME`).
 *
 *     line -> balance -> server -+- datagram: sent at once        (udp@, uxdg@)
 *                                `- stream: a ring of its own      (src/log/ring-forwarder.ts)
 *
 * Each thread has its own, the main thread too, and takes turns for itself. Servers are never full; one that is down gets
 * nothing, and when all are, lines are dropped.
 */
import type { LogAddress, ProxyConf, ServerConf } from '../../config/haproxy.ts';
import type { RingConf } from '../../config/logging.ts';
import type { ServerHealth } from '../../ipc/messages.ts';
import { attachOutlet, type Outlet, outletOf, type Scratch } from '../../log/outlets.ts';
import { makeBalancer } from '../balance/algorithms.ts';
import { type Balancer, type Candidate, NO_KEY, WEIGHT_SCALE } from '../balance/balancer.ts';
import { type Hash, makeHash } from '../balance/hash-functions.ts';
import { findUnit } from '../balance/schedule.ts';
import { makeOwnShare } from '../balance/share.ts';
import { compileConverters } from '../sample/compile.ts';
import type { SampleWorld } from '../sample/sample-world.ts';

class LogServer implements Candidate {
  readonly conf: ServerConf;
  readonly member: number;
  readonly outlet: Outlet;
  readonly limitMoves = false;
  effectiveWeight: number;
  changes = 0;

  constructor(conf: ServerConf, proxy: ProxyConf, member: number) {
    this.conf = conf;
    this.member = member;
    this.effectiveWeight = conf.disabled || conf.inheritsMaintenance ? 0 : conf.weight * WEIGHT_SCALE;
    this.outlet = outletOf(addressOf(conf, proxy));
  }

  get id(): number {
    return this.conf.id;
  }

  get weight(): number {
    return this.conf.weight;
  }

  get ringKey(): number {
    return this.conf.id;
  }

  served(): number {
    return 0;
  }

  load(): number {
    return 0;
  }

  hasRoom(): boolean {
    return true;
  }

  mayQueue(): boolean {
    return true;
  }
}

/** Of a server that is spoken to over a stream, the ring before it. */
function addressOf(server: ServerConf, proxy: ProxyConf): LogAddress {
  const { address } = server;
  if (server.log?.transport !== 'datagram') return { kind: 'ring', name: ringNameOf(proxy, server) };
  if (address.kind === 'unix') return { kind: 'unix', path: address.path };
  return { kind: 'udp', host: address.host, port: address.port, family: address.host.includes(':') ? 6 : 4 };
}

/** No section can have this name. */
function ringNameOf(proxy: ProxyConf, server: ServerConf): string {
  return `${proxy.name}/${server.name}`;
}

/** The rings before servers that are spoken to over streams. */
export function ringsOfBackends(proxies: readonly ProxyConf[]): RingConf[] {
  const backends = proxies.filter((proxy) => proxy.forLogs && !proxy.disabled);
  return backends.flatMap((proxy) => proxy.servers.flatMap((server) => ringOf(proxy, server) ?? []));
}

function ringOf(proxy: ProxyConf, server: ServerConf): RingConf | null {
  const { address, log } = server;
  if (log?.transport !== 'stream' || server.disabled) return null;
  const { connectMs, serverMs } = proxy.timeouts;
  const { bufsize: size, framing } = log;
  const receiver = { name: server.name, address, framing };
  return {
    name: ringNameOf(proxy, server),
    description: null,
    format: 'raw',
    maxlen: null,
    size,
    backingFile: null,
    connectMs,
    serverMs,
    servers: [receiver],
  };
}

const LONGEST_LINE = 65536;

export class LogBackend implements Outlet {
  readonly shape = null;
  readonly conf: ProxyConf;
  private readonly servers: readonly LogServer[];
  private readonly active: Balancer<LogServer>;
  private readonly backups: Balancer<LogServer>;
  private readonly hasBackups: boolean;
  private readonly readKey: ((text: string) => string | null) | null;
  private readonly hash: Hash;
  private readonly keyBytes = Buffer.alloc(LONGEST_LINE);

  constructor(conf: ProxyConf, world: SampleWorld) {
    this.conf = conf;
    const { balance, hashType } = conf;
    const active = conf.servers.filter((server) => !server.backup).map((server, i) => new LogServer(server, conf, i));
    const backups = conf.servers.filter((server) => server.backup).map((server, i) => new LogServer(server, conf, i));
    const how = { balance, hashType, weightUnit: findUnit(conf.servers.map(({ weight }) => weight)) };
    const noLoad = () => 0;
    this.servers = [...active, ...backups];
    this.active = makeBalancer(how, active, makeOwnShare(active.length), noLoad);
    this.backups = makeBalancer(
      conf.allbackups ? how : { ...how, balance: { algorithm: 'sticky' } },
      backups,
      makeOwnShare(backups.length),
      noLoad,
    );
    this.hasBackups = backups.length > 0;
    this.hash = makeHash(hashType);
    this.readKey =
      balance.algorithm === 'log-hash' ? compileConverters(balance.converters.converters, world, conf) : null;
  }

  /** Of whatever backend; those of others are passed over. */
  takeHealth({ proxyId, serverId, up }: ServerHealth): void {
    if (proxyId !== this.conf.id) return;
    const server = this.servers.find(({ id }) => id === serverId);
    if (server === undefined || server.conf.disabled || server.conf.inheritsMaintenance) return;
    const weight = up ? server.weight * WEIGHT_SCALE : 0;
    if (weight === server.effectiveWeight) return;
    server.effectiveWeight = weight;
    server.changes++;
    (server.conf.backup ? this.backups : this.active).update(server);
  }

  deliver(line: Scratch, start: number, length: number, textAt: number): boolean {
    const key = this.readKey === null ? NO_KEY : this.keyOf(line, textAt, start + length);
    const server = this.active.pick(key, null) ?? (this.hasBackups ? this.backups.pick(key, null) : null);
    return server?.outlet.deliver(line, start, length, textAt) ?? false;
  }

  /** Of the line's text, without its header and line feed. */
  private keyOf({ line }: Scratch, textAt: number, end: number): number {
    const key = this.readKey!(line.toString('latin1', textAt, end - 1));
    if (key === null) return NO_KEY;
    const length = this.keyBytes.write(key, 'latin1');
    return this.hash(this.keyBytes, 0, length);
  }
}

/** Makes the log backends of a configuration known to this thread. Before anybody opens a log. */
export function attachLogBackends(proxies: readonly ProxyConf[], world: SampleWorld): LogBackend[] {
  const backends = proxies.filter((proxy) => proxy.forLogs && !proxy.disabled);
  return backends.map((proxy) => {
    const backend = new LogBackend(proxy, world);
    attachOutlet({ kind: 'backend', name: proxy.name }, backend);
    return backend;
  });
}
