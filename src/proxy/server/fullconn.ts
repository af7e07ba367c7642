/**
 * `fullconn`: the number of sessions at which servers with `minconn` reach their `maxconn`. Unless given, it is a tenth
 * of what the frontends that lead to the backend may take (manual, `fullconn`), rounded up.
 */
import type { ProxyConf } from '../../config/haproxy.ts';

export function findFullconn(proxies: readonly ProxyConf[], proxy: ProxyConf, processLimit: number): number {
  if (proxy.fullconn !== null) return proxy.fullconn;
  let sum = 0;
  for (const other of proxies) {
    if (other.kind === 'backend' || (other.backend !== proxy.id && other.id !== proxy.id)) continue;
    sum += other.maxconn ?? processLimit;
  }
  return Math.max(1, Math.ceil(sum / 10));
}
