import { describe, expect, it } from 'vitest';
import { makeDynamicCookie, xxh64 } from '../../../../src/proxy/persistence/dynamic-cookie.ts';
import { makeServer } from '../configuration.ts';

const at = (host: string, port: number) =>
  makeServer(1, { address: { kind: 'ip', host, port, portOffset: false, family: 4 } });

describe('dynamic cookies', () => {
  it.each([
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['abc', 0x44bc2cf5ad770999n],
    ['The quick brown fox jumps over the lazy dog', 0x0b242d361fda71bcn],
  ])('hash %j', (text, hash) => {
    expect(xxh64(Buffer.from(text))).toBe(hash);
  });

  it('are those of HAProxy 2.6', () => {
    expect(makeDynamicCookie('swordfish', at('127.0.0.1', 40902))).toBe('e12d8fccc6e78877');
  });

  it('need an address', () => {
    expect(makeDynamicCookie('k', makeServer(1, { address: { kind: 'unix', path: '/x' } }))).toBeNull();
    expect(makeDynamicCookie('k', at('no.such.name', 80))).toBeNull();
    expect(makeDynamicCookie('k', at('::1', 80))).toMatch(/^[0-9a-f]{16}$/);
  });
});
