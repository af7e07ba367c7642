import { describe, expect, it } from 'vitest';
import { encodeSocks4, isSocks4Granted, SOCKS4_ANSWER } from '../../../src/wire/socks4.ts';

describe('SOCKS4', () => {
  it('asks for an address and a port, as HAProxy', () => {
    const bytes = Buffer.from(encodeSocks4(Uint8Array.of(192, 0, 2, 7), 8080));
    expect(bytes.toString('hex')).toBe(`0401${'1f90'}${'c0000207'}${Buffer.from('HAProxy\0').toString('hex')}`);
  });

  it.each([
    ['005a000000000000', true],
    ['005b000000000000', false],
    ['045a000000000000', false],
    ['485454502f312e31', false],
  ])('reads %s', (hex, granted) => {
    const bytes = Buffer.from(`ff${hex}`, 'hex');
    expect(bytes.length).toBe(1 + SOCKS4_ANSWER);
    expect(isSocks4Granted(bytes, 1)).toBe(granted);
  });
});
