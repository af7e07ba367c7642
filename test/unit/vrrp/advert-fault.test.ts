/** Every fault of an advert has keepalived's words and one counter. */
import { describe, expect, it } from 'vitest';
import { countFault, describeFault, emptyFaultStats, type FaultStats } from '../../../src/vrrp/advert-fault.ts';
import type { AdvertFault } from '../../../src/wire/vrrp.ts';

const rows: readonly [AdvertFault, string, keyof FaultStats][] = [
  [{ code: 'length', received: 32, expected: 44 }, 'vrrp packet too short, length 32 and expect 44', 'length'],
  [{ code: 'length', received: 48, expected: 44 }, 'vrrp packet too long, length 48 and expect 44', 'length'],
  [{ code: 'ttl', received: 254 }, 'invalid TTL/HL. Received 254 and expect 255', 'ttl'],
  [{ code: 'version', received: 3, expected: 2 }, 'wrong version. Received 3 and expect 2', 'length'],
  [{ code: 'type', received: 2 }, 'Invalid packet type. 2 and expect 1', 'invalidType'],
  [{ code: 'checksum', version: 2 }, 'Invalid VRRPv2 checksum', 'length'],
  [{ code: 'auth-type', received: 0, expected: 1 }, 'received a 0 auth, expecting 1!', 'authMismatch'],
  [{ code: 'auth-data' }, 'received an invalid passwd!', 'authFailure'],
  [
    { code: 'interval', received: 300, expected: 100 },
    "advertisement interval mismatch mine=1 sec rcv'd=3 sec",
    'interval',
  ],
  [
    { code: 'address-count', received: 1, expected: 2 },
    'received an unexpected ip number count 1, expected 2!',
    'addressList',
  ],
  [
    { code: 'address-list', missing: Uint8Array.of(10, 9, 0, 101) },
    'ip address associated with VRID 51 not present in MASTER advert: 10.9.0.101',
    'addressList',
  ],
];

describe('advert faults', () => {
  it.each(rows)('%j', (fault, text, counter) => {
    expect(describeFault(fault, 51)).toBe(text);
    const stats = emptyFaultStats();
    countFault(stats, fault);
    expect(stats).toEqual({ ...emptyFaultStats(), [counter]: 1 });
  });
});
