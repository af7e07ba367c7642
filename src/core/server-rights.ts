/**
 * Servers whose connections need rights that an ordinary user has not: a foreign source address (`usesrc`) or a device
 * (`interface`). They go together with `user` no better than in HAProxy, which refuses to start.
 */
import type { HaproxyConfig } from '../config/haproxy.ts';
import { userId } from '../os/accounts.ts';

/** Why the configuration cannot be put in force, or null. */
export function findLostRights({ global, proxies }: HaproxyConfig): string | null {
  const needsRights = proxies.some(
    (proxy) =>
      !proxy.disabled &&
      proxy.servers.some(({ link: { source } }) => source !== null && (source.useSource ?? source.interface) !== null),
  );
  if (!needsRights || (userId(global.user) ?? 0) === 0) return null;
  return '[haproxy.main()] Some configuration options require full privileges, so global.uid cannot be changed.';
}
