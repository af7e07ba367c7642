/**
 * Both languages on damaged files, whole: parsed, printed back byte for byte, loaded under every profile. Nothing is
 * thrown and nothing runs away.
 *
 * `TANDEM_FUZZ_SECONDS=60 npx vitest run test/fuzz/languages.test.ts` goes on for that long; a few seconds otherwise.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { print as printHaproxy } from '../../grammar/haproxy/ast.ts';
import { parse as parseHaproxy } from '../../grammar/haproxy/parser.ts';
import { parse as parseKeepalived, print as printKeepalived } from '../../grammar/keepalived/parser.ts';
import { loadHaproxy } from '../../src/config/load-haproxy.ts';
import { loadKeepalived } from '../../src/config/load-keepalived.ts';
import type { Profile } from '../../src/config/profile.ts';
import { damaged, haproxyTexts, keepalivedTexts } from './damaged.ts';

const seconds = Number(process.env.TANDEM_FUZZ_SECONDS ?? 3);
/** What no file may need, far above what any does; a busy machine gets a second try. */
const MOST_MS_PER_KIB = 100;
/** keepalived's repetitions and definitions make much of little: their expansion is bounded instead. */
const EXPANDING = /~SEQ|~LST|\$/;
const MOST_MS_EXPANDED = 3000;

/** The file itself; nothing that it names is there. */
function readOnly(text: string): (path: string) => Uint8Array {
  return (path) => {
    if (path === 'fuzz') return Buffer.from(text, 'latin1');
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  };
}

const yes = (): boolean => true;
const hostFacts = { interfaces: () => null, executable: yes, user: yes, exists: yes, namespace: yes };

type Load = (text: string, compat: Profile) => unknown;

const loadAsHaproxy: Load = (text, compat) =>
  loadHaproxy(['fuzz'], { compat, assumeFiles: true, env: {}, readFile: readOnly(text) });

const loadAsKeepalived: Load = (text, compat) =>
  loadKeepalived('fuzz', { compat, assumeFiles: true, env: {}, readFile: readOnly(text), configId: null, hostFacts });

function holdTime(text: string, run: () => void): void {
  const bound = EXPANDING.test(text) ? MOST_MS_EXPANDED : MOST_MS_PER_KIB * Math.max(1, text.length / 1024);
  const measure = (): number => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  };
  const ms = measure();
  expect(ms > bound ? measure() : ms, 'milliseconds to load').toBeLessThanOrEqual(bound);
}

function hold(
  texts: readonly string[],
  profiles: readonly Profile[],
  reprint: (text: string) => string,
  load: Load,
): number {
  let runs = 0;
  fc.assert(
    fc.property(damaged(texts), fc.constantFrom(...profiles), (text, profile) => {
      runs++;
      expect(reprint(text)).toBe(text);
      holdTime(text, () => load(text, profile));
    }),
    { numRuns: 1_000_000, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false },
  );
  return runs;
}

describe('damaged files', { timeout: seconds * 1000 + 60_000 }, () => {
  it('of haproxy.cfg lose no byte, throw nothing and end', () => {
    const profiles = ['default', 'haproxy-2.6', 'haproxy-3.4'] as const;
    const reprint = (text: string): string => printHaproxy(parseHaproxy({ file: 'fuzz', text }));
    const runs = hold(haproxyTexts(), profiles, reprint, loadAsHaproxy);
    console.log(`haproxy.cfg: ${runs} damaged files in ${seconds} s`);
    expect(runs).toBeGreaterThan(50);
  });

  it('of keepalived.conf lose no byte, throw nothing and end', () => {
    const profiles = ['default', 'keepalived-2.2', 'keepalived-2.4'] as const;
    const reprint = (text: string): string => printKeepalived(parseKeepalived({ file: 'fuzz', text }));
    const runs = hold(keepalivedTexts(), profiles, reprint, loadAsKeepalived);
    console.log(`keepalived.conf: ${runs} damaged files in ${seconds} s`);
    expect(runs).toBeGreaterThan(50);
  });
});
