/** What each role gets of the resolved configuration: its own part and nothing else. */
import type { CheckMethod, GlobalConf, HaproxyConfig, ProxyConf, ServerAddress, ServerCheckConf } from './haproxy.ts';
import type { KeepalivedConfig } from './keepalived.ts';
import type { RingConf } from './logging.ts';
import { CLIENTS_NAMESPACE, type ServerLink } from './server-link.ts';

export interface ProxySlice {
  readonly global: GlobalConf;
  readonly proxies: readonly ProxyConf[];
  readonly rings: readonly RingConf[];
}

/** One thing to check. The pair of ids names it in every message. */
export interface CheckTarget {
  readonly proxyId: number;
  readonly serverId: number;
  readonly proxyName: string;
  readonly serverName: string;
  readonly address: ServerAddress;
  readonly method: CheckMethod;
  readonly check: ServerCheckConf;
  /** `timeout check` of the backend; null: `timeoutConnectMs` and the interval bound the check, as in HAProxy. */
  readonly timeoutCheckMs: number | null;
  readonly timeoutConnectMs: number | null;
  /** Of the server; checks of its own address use them as well. */
  readonly link: ServerLink;
}

export interface CheckList {
  readonly spreadChecks: number;
  readonly targets: readonly CheckTarget[];
}

export interface CheckSlice extends CheckList {
  /** Checks are made by who serves, and from where: the role gives up its rights as the proxy does. */
  readonly rights: Pick<GlobalConf, 'user' | 'group' | 'chroot'>;
}

export type VrrpSlice = Pick<KeepalivedConfig, 'globalDefs' | 'scripts' | 'syncGroups' | 'instances'>;

export function sliceForProxy(config: HaproxyConfig): ProxySlice {
  return { global: config.global, proxies: config.proxies, rings: config.rings };
}

export function sliceForCheck(config: HaproxyConfig): CheckSlice {
  const targets: CheckTarget[] = [];
  for (const proxy of config.proxies) {
    if (proxy.disabled) continue;
    for (const server of proxy.servers) {
      if (!server.check || server.disabled) continue;
      targets.push({
        proxyId: proxy.id,
        serverId: server.id,
        proxyName: proxy.name,
        serverName: server.name,
        address: server.address,
        method: proxy.check,
        check: server.check,
        timeoutCheckMs: proxy.timeouts.checkMs,
        timeoutConnectMs: proxy.timeouts.connectMs,
        link: { ...server.link, namespace: namespaceOfChecks(server.link) },
      });
    }
  }
  const { spreadChecks, user, group, chroot } = config.global;
  return { spreadChecks, targets, rights: { user, group, chroot } };
}

/** Nobody's client: checks of a server with `namespace *` go out from the own namespace. */
function namespaceOfChecks({ namespace }: ServerLink): string | null {
  return namespace === CLIENTS_NAMESPACE ? null : namespace;
}

export function sliceForVrrp(config: KeepalivedConfig): VrrpSlice {
  const { globalDefs, scripts, syncGroups, instances } = config;
  return { globalDefs, scripts, syncGroups, instances };
}
