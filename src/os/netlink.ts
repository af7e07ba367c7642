/**
 * Links and addresses of this network namespace (rtnetlink(7)) through the `netlink` package.
 *
 * Two sockets: one for requests, whose answers are matched by sequence number, and one that only hears the kernel's
 * notifications (on one socket the package takes the echo of a request for its answer). Results are small words, not
 * exceptions: an address that is already there, or already gone, is no error to anybody.
 */
import { createNetlink, createRtNetlink, type NetlinkSocket, Protocol } from 'netlink';

export interface Link {
  readonly index: number;
  readonly name: string;
  /** 6 bytes, or empty for links without one. */
  readonly mac: Uint8Array;
  /** Administratively up and with a carrier. */
  readonly up: boolean;
  readonly multicast: boolean;
  readonly mtu: number;
}

export interface InterfaceAddress {
  readonly index: number;
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
  readonly scope: number;
}

export interface AddressRequest extends InterfaceAddress {
  readonly label: string | null;
  readonly broadcast: Uint8Array | null;
}

/** 'done', 'unchanged' (already there, or already gone), or the kernel's errno name. */
export type AddressResult = string;

export interface Netlink {
  readonly listLinks: () => Promise<Link[]>;
  readonly listAddresses: () => Promise<InterfaceAddress[]>;
  readonly addAddress: (request: AddressRequest) => Promise<AddressResult>;
  readonly removeAddress: (request: AddressRequest) => Promise<AddressResult>;
  /** Calls back after any change of links or addresses; what changed is for `list...` to tell. */
  readonly watch: (onChange: () => void) => void;
  readonly close: () => void;
}

const AF_INET = 2;
const AF_INET6 = 10;
const NLM_F_EXCL_CREATE = 0x600;
const RTNLGRP_LINK = 1;
const RTNLGRP_IPV4_IFADDR = 5;
const RTNLGRP_IPV6_IFADDR = 9;

/** The kernel's usual sizes; the package wants them named. */
const buffers = { recvBufferSize: 212_992, sendBufferSize: 212_992 };

type RtSocket = ReturnType<typeof createRtNetlink>;
type LinkMessage = Awaited<ReturnType<RtSocket['getLinks']>>[number];
type AddressMessage = Awaited<ReturnType<RtSocket['getAddresses']>>[number];

export function openNetlink(): Netlink {
  const requests = createRtNetlink({ ref: false, ...buffers });
  let monitor: NetlinkSocket | null = null;
  return {
    listLinks: async () => (await requests.getLinks()).map(toLink),
    listAddresses: async () => (await requests.getAddresses()).flatMap((message) => toAddress(message) ?? []),
    addAddress: (request) =>
      change(request, 'EEXIST', (data, attrs) => requests.newAddress(data, attrs, { flags: NLM_F_EXCL_CREATE })),
    removeAddress: (request) => change(request, 'EADDRNOTAVAIL', (data, attrs) => requests.delAddress(data, attrs)),
    watch: (onChange) => {
      monitor = openMonitor(onChange);
    },
    close: () => {
      requests.socket.close();
      monitor?.close();
    },
  };
}

/** Every sign of life counts as a change, an overrun too: the listener reads the state anew anyway. */
function openMonitor(onChange: () => void): NetlinkSocket {
  const monitor = createNetlink(Protocol.ROUTE, { ref: true, ...buffers });
  for (const group of [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR]) monitor.addMembership(group);
  for (const event of ['message', 'invalid', 'truncatedMessage', 'error'] as const) monitor.on(event, onChange);
  return monitor;
}

const neverPreferred = { ifaPrefered: 0, ifaValid: 0xffffffff, cstamp: 0, tstamp: 0 };

type AddressCall = RtSocket['newAddress'];

async function change(
  request: AddressRequest,
  harmless: string,
  call: (data: Parameters<AddressCall>[0], attrs: NonNullable<Parameters<AddressCall>[1]>) => Promise<unknown>,
): Promise<AddressResult> {
  const bytes = Buffer.from(request.bytes);
  const data = {
    family: request.family === 4 ? AF_INET : AF_INET6,
    prefixlen: request.prefixLength,
    scope: request.scope,
    index: request.index,
    ...(request.family === 6 ? { flags: { nodad: true as const } } : {}),
  };
  const attrs = {
    address: bytes,
    local: bytes,
    ...(request.label === null ? {} : { label: request.label }),
    // An address for service, not for connections of this host's own: keepalived deprecates a /128 too.
    ...(request.family === 6 && request.prefixLength === 128 ? { cacheInfo: neverPreferred } : {}),
    ...(request.broadcast === null ? {} : { broadcast: Buffer.from(request.broadcast) }),
  };
  try {
    await call(data, attrs);
    return 'done';
  } catch (error) {
    const name = /rejected: (\w+)/.exec(String(error))?.[1] ?? String(error);
    return name === harmless ? 'unchanged' : name;
  }
}

function toLink(message: LinkMessage): Link {
  const { data, attrs } = message;
  return {
    index: data.index ?? 0,
    name: attrs.ifname ?? '',
    mac: Uint8Array.from(attrs.address ?? []),
    up: Boolean(data.flags?.up && data.flags?.running),
    multicast: Boolean(data.flags?.multicast),
    mtu: attrs.mtu ?? 0,
  };
}

function toAddress(message: AddressMessage): InterfaceAddress | undefined {
  const { data, attrs } = message;
  const bytes = attrs.local ?? attrs.address;
  if (!bytes || (data.family !== AF_INET && data.family !== AF_INET6)) return undefined;
  return {
    index: data.index ?? 0,
    family: data.family === AF_INET ? 4 : 6,
    bytes: Uint8Array.from(bytes),
    prefixLength: data.prefixlen ?? 0,
    scope: data.scope ?? 0,
  };
}
