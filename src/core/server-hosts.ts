/**
 * Looks up the servers that are given by name, once, when a configuration is put in force: what HAProxy does with
 * getaddrinfo at start. What does not resolve stops the start unless `-dr` was given; then the server stays without an
 * address and the check role finds it down.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { HaproxyConfig, ProxyConf, ServerAddress, ServerConf } from '../config/haproxy.ts';

export interface ResolvedHosts {
  readonly config: HaproxyConfig;
  /** One sentence for each server whose name does not resolve. */
  readonly problems: readonly string[];
}

export async function lookUpServers(config: HaproxyConfig): Promise<ResolvedHosts> {
  const problems: string[] = [];
  const lookups = new Map<string, Promise<Found | null>>();
  const proxies = await Promise.all(
    config.proxies.map(async (proxy) => {
      if (!proxy.servers.some(needsLookup)) return proxy;
      const servers = await Promise.all(proxy.servers.map((server) => lookUpServer(proxy, server, lookups, problems)));
      return { ...proxy, servers };
    }),
  );
  return { config: { ...config, proxies }, problems };
}

interface Found {
  readonly host: string;
  readonly family: 4 | 6;
}

function needsLookup({ address, disabled }: ServerConf): boolean {
  return !disabled && address.kind === 'ip' && isIP(address.host) === 0;
}

async function lookUpServer(
  proxy: ProxyConf,
  server: ServerConf,
  lookups: Map<string, Promise<Found | null>>,
  problems: string[],
): Promise<ServerConf> {
  const { address, place } = server;
  if (!needsLookup(server) || address.kind !== 'ip') return server;
  const key = `${address.family} ${address.host}`;
  let asked = lookups.get(key);
  if (!asked) {
    asked = ask(address);
    lookups.set(key, asked);
  }
  const found = await asked;
  if (found) return { ...server, address: { ...address, ...found } };
  const where = `parsing [${place.file}:${place.line}] : 'server ${proxy.name}/${server.name}'`;
  problems.push(`config : ${where} : could not resolve address '${address.host}'.`);
  return server;
}

async function ask(address: Extract<ServerAddress, { kind: 'ip' }>): Promise<Found | null> {
  try {
    const found = await lookup(address.host, { family: address.family, verbatim: true });
    return { host: found.address, family: found.family === 6 ? 6 : 4 };
  } catch {
    return null;
  }
}
