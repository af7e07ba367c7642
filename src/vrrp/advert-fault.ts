/** What is wrong with a received advert, in keepalived's words, and where the statistics count it. */
import { unpackInet4, unpackInet6 } from '../os/address.ts';
import type { AdvertFault } from '../wire/vrrp.ts';

/** The counters of keepalived's statistics file that faults feed. */
export interface FaultStats {
  length: number;
  ttl: number;
  invalidType: number;
  interval: number;
  addressList: number;
  authType: number;
  authMismatch: number;
  authFailure: number;
}

export function emptyFaultStats(): FaultStats {
  return {
    length: 0,
    ttl: 0,
    invalidType: 0,
    interval: 0,
    addressList: 0,
    authType: 0,
    authMismatch: 0,
    authFailure: 0,
  };
}

/** The log line without the instance's name. */
export function describeFault(fault: AdvertFault, vrid: number): string {
  switch (fault.code) {
    case 'length': {
      const much = fault.received < fault.expected ? 'short' : 'long';
      return `vrrp packet too ${much}, length ${fault.received} and expect ${fault.expected}`;
    }
    case 'ttl':
      return `invalid TTL/HL. Received ${fault.received} and expect 255`;
    case 'version':
      return `wrong version. Received ${fault.received} and expect ${fault.expected}`;
    case 'type':
      return `Invalid packet type. ${fault.received} and expect 1`;
    case 'checksum':
      return `Invalid VRRPv${fault.version} checksum`;
    case 'vrid':
      return `received VRID mismatch. Received ${fault.received}, Expected ${fault.expected}`;
    case 'auth-type':
      return `received a ${fault.received} auth, expecting ${fault.expected}!`;
    case 'auth-data':
      return 'received an invalid passwd!';
    case 'interval':
      return `advertisement interval mismatch mine=${fault.expected / 100} sec rcv'd=${fault.received / 100} sec`;
    case 'address-count':
      return `received an unexpected ip number count ${fault.received}, expected ${fault.expected}!`;
    case 'address-list': {
      const { missing } = fault;
      const text = missing.length === 4 ? unpackInet4(missing, 0) : unpackInet6(missing, 0);
      return `ip address associated with VRID ${vrid} not present in MASTER advert: ${text}`;
    }
  }
}

export function countFault(stats: FaultStats, fault: AdvertFault): void {
  switch (fault.code) {
    case 'length':
    case 'version':
    case 'checksum':
      stats.length++;
      return;
    case 'ttl':
      stats.ttl++;
      return;
    case 'type':
    case 'vrid':
      stats.invalidType++;
      return;
    case 'auth-type':
      stats.authMismatch++;
      return;
    case 'auth-data':
      stats.authFailure++;
      return;
    case 'interval':
      stats.interval++;
      return;
    case 'address-count':
    case 'address-list':
      stats.addressList++;
      return;
  }
}
