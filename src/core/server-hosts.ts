/**
 * Looks up the servers that are given by name, once, when a configuration is put in force, by the methods of `init-addr`:
 * the C library's resolver as HAProxy asks it at start, a fixed address, or none, which leaves the server out of service.
 * What no method finds stops the start unless `-dr` was given; then the server stays out of service as well. There is no
 * state file to find a `last` address in. So are the addresses that only checks go to (`addr`): the check role may have
 * another root directory by then. One that is not found is looked for again by the role.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { HaproxyConfig, ProxyConf, ServerAddress, ServerConf } from '../config/haproxy.ts';

export interface ResolvedHosts {
  readonly config: HaproxyConfig;
  /** One sentence for each server that no method finds an address for. */
  readonly problems: readonly string[];
  /** Sentences for those that go on without the address of their name. */
  readonly remarks: readonly string[];
}

export async function lookUpServers(config: HaproxyConfig): Promise<ResolvedHosts> {
  const problems: string[] = [];
  const remarks: string[] = [];
  const lookups: Lookups = new Map();
  const proxies = await Promise.all(
    config.proxies.map(async (proxy) => {
      if (!proxy.servers.some((server) => needsLookup(server) || checksName(server))) return proxy;
      const servers = await Promise.all(
        proxy.servers.map(async (server) => {
          const found = await lookUpServer(proxy, server, lookups, problems, remarks);
          return checksName(found) ? lookUpCheckAddress(found, lookups) : found;
        }),
      );
      return { ...proxy, servers };
    }),
  );
  return { config: { ...config, proxies }, problems, remarks };
}

interface Found {
  readonly host: string;
  readonly family: 4 | 6;
}

type Lookups = Map<string, Promise<Found | null>>;

type IpAddress = Extract<ServerAddress, { kind: 'ip' }>;

function needsLookup({ address, disabled }: ServerConf): boolean {
  return !disabled && address.kind === 'ip' && isIP(address.host) === 0;
}

function checksName({ check, disabled }: ServerConf): boolean {
  return !disabled && check !== null && check.addr !== null && isIP(check.addr) === 0;
}

async function lookUpCheckAddress(server: ServerConf, lookups: Lookups): Promise<ServerConf> {
  const check = server.check!;
  const found = await askOnce({ host: check.addr!, family: 0 }, lookups);
  return found === null ? server : { ...server, check: { ...check, addr: found.host } };
}

async function lookUpServer(
  proxy: ProxyConf,
  server: ServerConf,
  lookups: Lookups,
  problems: string[],
  remarks: string[],
): Promise<ServerConf> {
  const { address, place } = server;
  if (!needsLookup(server) || address.kind !== 'ip') return server;
  const where = `config : [${place.file}:${place.line}] : 'server ${proxy.name}/${server.name}'`;
  const failed = `${where} : could not resolve address '${address.host}'`;
  let asked = false;
  for (const method of server.link.initAddr) {
    if (method.kind === 'libc') {
      const found = await askOnce(address, lookups);
      if (found) return { ...server, address: { ...address, ...found } };
      asked = true;
    } else if (method.kind === 'none') {
      if (asked) remarks.push(`${failed}, disabling server.`);
      return { ...server, disabled: true };
    } else if (method.kind === 'ip') {
      if (asked) remarks.push(`${failed}, falling back to configured address.`);
      return { ...server, address: { ...address, host: method.host, family: method.family } };
    }
  }
  problems.push(asked ? `${failed}.` : `${where} : no method found to resolve address '${address.host}'.`);
  return { ...server, disabled: true };
}

/** Many servers may have one name: it is asked for once. */
function askOnce(address: Pick<IpAddress, 'host' | 'family'>, lookups: Lookups): Promise<Found | null> {
  const key = `${address.family} ${address.host}`;
  const asked = lookups.get(key) ?? ask(address);
  lookups.set(key, asked);
  return asked;
}

async function ask(address: Pick<IpAddress, 'host' | 'family'>): Promise<Found | null> {
  try {
    const found = await lookup(address.host, { family: address.family, verbatim: true });
    return { host: found.address, family: found.family === 6 ? 6 : 4 };
  } catch {
    return null;
  }
}
