/** `balance` and `hash-type` to records, with the original's built-in values. */
import type { BalanceSetting, SampleSetting } from '../../grammar/haproxy/balance-settings.ts';
import type { ProxyNode, ProxySettings } from '../../grammar/haproxy/nodes.ts';
import type { Balance, HashType } from './balance.ts';
import { defaultHashType } from './balance.ts';
import { missingSteps } from './carried-samples.ts';
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
  if (isForLines(balance) && !settings.forLogs) {
    const message = `'balance ${balance.algorithm}' of proxy '${node.name}' needs 'mode log'. Falling back to round robin.`;
    if (kind !== 'frontend') options.diagnostics.warning('mode-mismatch', node.at, message);
    return { algorithm: 'roundrobin' };
  }
  if (balance.algorithm === 'log-hash') return resolveLogHash(balance.converters, node, options);
  return balance.algorithm === 'hash' ? { ...balance, expression: { ...balance.expression } } : balance;
}

function isForLines({ algorithm }: BalanceSetting): boolean {
  return algorithm === 'sticky' || algorithm === 'log-hash';
}

function resolveLogHash(converters: SampleSetting, { at }: ProxyNode, { diagnostics }: ResolveOptions): Balance {
  for (const name of missingSteps(converters)) {
    diagnostics.warning('not-carried-out', at, `'${name}' in 'balance log-hash' is accepted but not carried out.`);
  }
  return { algorithm: 'log-hash', converters: { ...converters } };
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
