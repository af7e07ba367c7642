/** Figures of `maxconn` and of descriptors are those that HAProxy 2.6.12 gave under the same limits. */
import { describe, expect, it } from 'vitest';
import type { HaproxyConfig } from '../../../src/config/haproxy.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import { findNeeds, raiseFdLimit } from '../../../src/core/fd-limit.ts';
import { readFdLimit, writeFdLimit } from '../../../src/os/process.ts';

function configOf(global: string, frontends = 1, servers = 'server s 127.0.0.1:9'): HaproxyConfig {
  const front = Array.from({ length: frontends }, (_, i) => `frontend f${i}\n bind 127.0.0.1:${i + 1}\n`).join('');
  const text = `global\n stats socket /tmp/s\n ${global}\ndefaults\n mode tcp\n${front}backend b\n ${servers}\n`;
  const options = { compat: 'default', assumeFiles: false, env: {}, readFile: () => Buffer.from(text) } as const;
  return loadHaproxy(['test.cfg'], options).config!;
}

const hard = (limit: number) => ({ soft: limit, hard: limit });
const checked = Array.from({ length: 10 }, (_, i) => `server s${i} 127.0.0.1:9 check`).join('\n ');

describe('maxconn', () => {
  it('counts pipes for the frontends that splice', () => {
    const text =
      'global\n stats socket /tmp/s\nfrontend f\n mode tcp\n maxconn 100\n option splice-auto\n bind 127.0.0.1:1\nbackend b\n';
    const options = { compat: 'default', assumeFiles: false, env: {}, readFile: () => Buffer.from(text) } as const;
    const { config } = loadHaproxy(['test.cfg'], options);
    expect(findNeeds(config!, hard(4096), 2)).toEqual({ maxconn: 2009, descriptors: 4096 });
  });

  it.each([
    ['of a small limit', configOf('log-tag x'), 1024, 2, 498, 1024],
    ['of a greater one', configOf('log-tag x'), 4096, 2, 2034, 4096],
    ['with one thread', configOf('log-tag x'), 4096, 1, 2035, 4095],
    ['with four threads', configOf('log-tag x'), 4096, 4, 2031, 4096],
    ['with ten listeners', configOf('log-tag x', 10), 4096, 2, 2029, 4095],
    ['with ten checks', configOf('log-tag x', 1, checked), 4096, 2, 2029, 4096],
    ['with fd-hard-limit', configOf('fd-hard-limit 2000'), 20000, 2, 986, 2000],
    ['with fd-hard-limit above the limit', configOf('fd-hard-limit 2000'), 1500, 2, 736, 1500],
    ['of far too small a limit', configOf('log-tag x'), 60, 2, 100, 228],
    ['as given', configOf('maxconn 500'), 4096, 2, 500, 1028],
    ['with splicing', configOf('log-tag x', 1, 'option splice-auto'), 4096, 2, 1627, 4094],
    ['as given, with splicing', configOf('maxconn 500', 1, 'option splice-auto'), 4096, 2, 500, 1278],
    ['as given, with pipes', configOf('maxconn 500\n maxpipes 20', 1, 'option splice-auto'), 4096, 2, 500, 1068],
  ])('%s', (_, config, limit, threads, maxconn, descriptors) => {
    expect(findNeeds(config, hard(limit), threads)).toEqual({ maxconn, descriptors });
  });
});

describe('descriptor limit', () => {
  it('is read from the kernel', () => {
    const limit = readFdLimit();
    expect(limit.soft).toBeGreaterThan(10);
    expect(limit.hard).toBeGreaterThanOrEqual(limit.soft);
  });

  it('has room for a small configuration, and for one that does not say', () => {
    expect(raiseFdLimit(configOf('maxconn 100'), readFdLimit(), 2)).toBeNull();
    expect(raiseFdLimit(configOf('fd-hard-limit 1000'), readFdLimit(), 2)).toBeNull();
  });

  it('tells what is missing when the kernel gives no more, and how many connections fit', () => {
    const verdict = raiseFdLimit(configOf('maxconn 1000000000'), hard(1028), 2);
    expect(verdict).toEqual({ problem: 'Cannot raise FD limit to 2000000028, limit is 1028.', maxconn: 500 });
  });

  it('does not go beyond fd-hard-limit and ulimit-n', () => {
    expect(raiseFdLimit(configOf('fd-hard-limit 500\n maxconn 500'), hard(20000), 2)!.problem).toBe(
      'Cannot raise FD limit to 1028, limit is 500.',
    );
    expect(raiseFdLimit(configOf('ulimit-n 3000'), hard(4096), 2)).toEqual({
      problem:
        "FD limit (3000) too low for maxconn=2034/maxsock=4096. Please raise 'ulimit-n' to 4096 or more to avoid any trouble.",
      maxconn: 1486,
    });
    expect(raiseFdLimit(configOf('ulimit-n 3000\n maxconn 500'), hard(4096), 2)).toBeNull();
  });

  it('can be lowered and raised again up to the hard one', () => {
    const { soft, hard: most } = readFdLimit();
    expect(writeFdLimit({ soft: soft - 1, hard: most })).toBe(0);
    expect(readFdLimit().soft).toBe(soft - 1);
    expect(writeFdLimit({ soft, hard: most })).toBe(0);
  });
});
