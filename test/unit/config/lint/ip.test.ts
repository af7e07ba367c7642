import { describe, expect, it } from 'vitest';
import { containsNetwork, isPrivate, parseIp, parseNetwork } from '../../../../src/config/lint/ip.ts';

describe('addresses and networks', () => {
  it.each([
    ['192.0.2.1', 0xc0000201n],
    ['::1', 1n],
    ['::', 0n],
    ['2001:db8::1', 0x20010db8000000000000000000000001n],
    ['::ffff:192.0.2.1', 0xffffc0000201n],
    ['1:2:3:4:5:6:7:8', 0x00010002000300040005000600070008n],
    ['fe80::1%eth0', 0xfe800000000000000000000000000001n],
  ])('%s', (text, value) => {
    expect(parseIp(text)?.value).toBe(value);
  });

  it.each(['', '1.2.3', 'a', '::1::', '300.1.1.1'])('%j is no address', (text) => {
    expect(parseIp(text)).toBeNull();
  });

  it('reads lengths and netmasks', () => {
    expect(parseNetwork('10.1.2.3/8')).toEqual({ family: 4, base: 0x0a000000n, prefixLength: 8 });
    expect(parseNetwork('10.1.2.3/255.255.0.0')).toEqual({ family: 4, base: 0x0a010000n, prefixLength: 16 });
    for (const bad of ['10.0.0.0/33', '10.0.0.0/255.0.255.0', 'x/8', '10.0.0.0/::'])
      expect(parseNetwork(bad)).toBeNull();
  });

  it('knows what contains what', () => {
    const contains = (outer: string, inner: string) => containsNetwork(parseNetwork(outer)!, parseNetwork(inner)!);
    expect(contains('10.0.0.0/8', '10.255.0.0/16')).toBe(true);
    expect(contains('10.0.0.0/8', '11.0.0.0')).toBe(false);
    expect(contains('10.0.0.0/16', '10.0.0.0/8')).toBe(false);
    expect(contains('0.0.0.0/0', '::1')).toBe(false);
  });

  it('knows private addresses', () => {
    for (const text of ['10.1.1.1', '172.31.0.1', '127.0.0.1', 'fd00::1', '::1', '169.254.0.1']) {
      expect(isPrivate(parseIp(text)!), text).toBe(true);
    }
    for (const text of ['172.32.0.1', '203.0.113.1', '2001:db8::1'])
      expect(isPrivate(parseIp(text)!), text).toBe(false);
  });
});
