/** `balance` and `hash-type` to records, with the original's built-in values. */
import type { BalanceSetting } from '../../grammar/haproxy/balance-settings.ts';
import type { ProxySettings } from '../../grammar/haproxy/nodes.ts';
import type { Balance, HashType } from './balance.ts';
import { defaultHashType } from './balance.ts';
import type { MergedProxy } from './merged-proxies.ts';
import { earlierDefaults } from './release-defaults.ts';
import type { ResolveOptions } from './resolve-surroundings.ts';

/** These look at a request: a proxy in mode tcp has none. */
const needsHttp: readonly BalanceSetting['algorithm'][] = ['uri', 'url_param', 'hdr'];

export function resolveBalance({ node, kind, settings }: MergedProxy, options: ResolveOptions): Balance {
  const { balance } = settings;
  if (balance === undefined) return (options.defaults ?? earlierDefaults).balance;
  if (settings.mode !== 'http' && needsHttp.includes(balance.algorithm)) {
    const message = `Layer 7 hash not possible for proxy '${node.name}' (needs 'mode http'). Falling back to round robin.`;
    if (kind !== 'frontend') options.diagnostics.warning('needs-http-mode', node.at, message);
    return { algorithm: 'roundrobin' };
  }
  return balance.algorithm === 'hash' ? { ...balance, expression: { ...balance.expression } } : balance;
}

/** `balance url_param NAME check_post` waits for the body of a request, as `option http-buffer-request` does. */
export function looksIntoBodies(balance: BalanceSetting | undefined): boolean {
  return balance?.algorithm === 'url_param' && balance.checkPost;
}

export function resolveHashType(settings: ProxySettings): HashType {
  const { method, function: name, avalanche } = settings.hashType ?? defaultHashType;
  const { hashBalanceFactor: balanceFactor = 0, hashAffinity: affinity = 'always' } = settings;
  return { method, function: name, avalanche, balanceFactor, affinity };
}
