/**
 * Servers at `sockpair@N`: connections to them are passed over a descriptor that core was started with. The proxy role
 * inherits it under another number, as it does listening sockets.
 */
import type { HaproxyConfig } from '../config/haproxy.ts';
import type { ProxySlice } from '../config/slice.ts';
import type { InheritedSocket } from '../ipc/messages.ts';
import { localAddress } from '../os/socket.ts';

/** Belongs to no listener. */
const NO_LISTENER = 0;

/** Each once, with core's numbers. */
export function findChannels({ proxies }: Pick<HaproxyConfig, 'proxies'>): InheritedSocket[] {
  const servers = proxies.filter(({ disabled }) => !disabled).flatMap((proxy) => proxy.servers);
  const fds = servers.flatMap(({ address }) => (address.kind === 'unix' ? (address.channel ?? []) : []));
  return [...new Set(fds)].map((fd) => ({ listenerId: NO_LISTENER, fd }));
}

/** One sentence for each server whose channel is no socket. */
export function findMissingChannels({ proxies }: HaproxyConfig): string[] {
  return proxies.flatMap((proxy) =>
    proxy.servers.flatMap(({ name, address, place }) => {
      const fd = address.kind === 'unix' ? address.channel : undefined;
      if (fd === undefined || proxy.disabled || typeof localAddress(fd) === 'object') return [];
      return [
        `config : [${place.file}:${place.line}] : 'server ${proxy.name}/${name}' : cannot use inherited socket ${fd}.`,
      ];
    }),
  );
}

/** The slice with the role's numbers: `theirs[i]` is what the role knows `ours[i]` by. */
export function renumberChannels(
  slice: ProxySlice,
  ours: readonly InheritedSocket[],
  theirs: readonly InheritedSocket[],
): ProxySlice {
  if (ours.length === 0) return slice;
  const numbers = new Map(ours.map(({ fd }, i) => [fd, theirs[i]!.fd]));
  const proxies = slice.proxies.map((proxy) => ({
    ...proxy,
    servers: proxy.servers.map((server) => {
      const { address } = server;
      if (address.kind !== 'unix' || address.channel === undefined) return server;
      return { ...server, address: { ...address, channel: numbers.get(address.channel) ?? -1 } };
    }),
  }));
  return { ...slice, proxies };
}
