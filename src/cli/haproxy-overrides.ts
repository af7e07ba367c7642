/** What the command line of `haproxy` says against the configuration: limits, splicing, the family of names. */
import type { HaproxyConfig, ServerConf } from '../config/haproxy.ts';
import type { HaproxyArguments } from './haproxy-arguments.ts';

type Overrides = Pick<HaproxyArguments, 'maxconn' | 'proxyMaxconn' | 'noSplice' | 'onlyIpv4'>;

export function overrideConfig(config: HaproxyConfig, overrides: Overrides): HaproxyConfig {
  const { maxconn, proxyMaxconn, noSplice, onlyIpv4 } = overrides;
  const { global } = config;
  const proxies = config.proxies.map((proxy) => ({
    ...proxy,
    maxconn: proxy.maxconn ?? proxyMaxconn,
    servers: onlyIpv4 ? proxy.servers.map(askForIpv4) : proxy.servers,
  }));
  const pipes = noSplice ? { ...global.pipes, noSplice } : global.pipes;
  return { ...config, global: { ...global, maxconn: maxconn ?? global.maxconn, pipes }, proxies };
}

/** Names are looked up later, in the family that is set here. */
function askForIpv4(server: ServerConf): ServerConf {
  const { address } = server;
  if (address.kind !== 'ip' || address.family !== 0) return server;
  return { ...server, address: { ...address, family: 4 } };
}
