import { describe, expect, it } from 'vitest';
import type { HaproxyConfig } from '../../../src/config/haproxy.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import { maxconnWithin, raiseFdLimit } from '../../../src/core/fd-limit.ts';
import { readFdLimit, writeFdLimit } from '../../../src/os/process.ts';

function configOf(global: string): HaproxyConfig {
  const text = `global\n ${global}\nlisten web\n mode tcp\n bind 127.0.0.1:1\n server s 127.0.0.1:9 check\n`;
  const options = { compat: 'default', assumeFiles: false, env: {}, readFile: () => Buffer.from(text) } as const;
  return loadHaproxy(['test.cfg'], options).config!;
}

describe('descriptor limit', () => {
  it('is read from the kernel', () => {
    const { soft, hard } = readFdLimit();
    expect(soft).toBeGreaterThan(10);
    expect(hard).toBeGreaterThanOrEqual(soft);
  });

  it('has room for a small configuration, and for one that does not say', () => {
    expect(raiseFdLimit(configOf('maxconn 100'))).toBeNull();
    expect(raiseFdLimit(configOf('log-tag x'))).toBeNull();
  });

  it('tells what is missing when the kernel gives no more, and how many connections fit', () => {
    const config = configOf('maxconn 1000000000');
    const verdict = raiseFdLimit(config);
    expect(verdict).toEqual({ needed: 2_000_000_034, available: readFdLimit().hard });
    expect(maxconnWithin(config, 1034)).toBe(500);
    expect(maxconnWithin(config, 3)).toBe(1);
  });

  it('can be lowered and raised again up to the hard one', () => {
    const { soft, hard } = readFdLimit();
    expect(writeFdLimit({ soft: soft - 1, hard })).toBe(0);
    expect(readFdLimit().soft).toBe(soft - 1);
    expect(writeFdLimit({ soft, hard })).toBe(0);
  });
});
