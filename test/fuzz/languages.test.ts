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
import { measureMs } from '../elapsed.ts';
import { damaged, haproxyTexts, keepalivedTexts } from './damaged.ts';

const seconds = Number(process.env.TANDEM_FUZZ_SECONDS ?? 3);
/** What no file may need, whatever it expands to; a file of less than 1 KiB counts as one. */
const MOST_MS_PER_KIB = 100;
/** A machine that is busy with other things gets further tries. */
const MOST_TRIES = 12;

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

const fold = (from: string, to: string, times: number) => `$${to}=${`$${from} `.repeat(times)}\n`;
const stack = (from: string, to: string, times: number) => `$${to}=\\\n${`$${from} \\\n`.repeat(times)}$${from}\n`;

/** Little text that stands for much. */
const bombs: [string, string][] = [
  ['a sequence of unknown words', '~SEQ(a,1,9999) x ${a}\n'],
  ['sequences within sequences', '~SEQ(a,1,999) ~SEQ(b,1,150) x ${a}${b}\n'],
  ['a network of virtual servers', '~SEQ(a,0,255) ~SEQ(b,0,255) virtual_server 10.0.${a}.${b} 80 { }\n'],
  ['open blocks', '~SEQ(a,0,9999) vrrp_instance V${a} {\n}\n'],
  ['words', `$A=${'x '.repeat(12)}\n${fold('A', 'B', 12)}${fold('B', 'C', 11)}${fold('C', 'D', 40)}$D $D $D\n`],
  ['long words', `$A=${'x'.repeat(200)}\n${fold('A', 'B', 60)}${fold('B', 'C', 60)}$C $C $C\n`],
  [
    'lines',
    `$A=\\\nfoo \\\nbar\n${stack('A', 'B', 6)}${stack('B', 'C', 6)}${stack('C', 'D', 6)}${stack('D', 'E', 6)}${stack('E', 'F', 6)}$F\n`,
  ],
  ['addresses', `vrrp_instance a {\nvirtual_ipaddress {\n~SEQ(a,0,255) ~SEQ(b,0,255) 10.0.\${a}.\${b}\n}\n}\n`],
];

function holdTime(text: string, run: () => void): void {
  const bound = MOST_MS_PER_KIB * Math.max(1, text.length / 1024);
  let ms = measureMs(run);
  for (let i = 1; ms > bound && i < MOST_TRIES; i++) ms = Math.min(ms, measureMs(run));
  expect(ms, 'milliseconds to load').toBeLessThanOrEqual(bound);
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

  it.each(bombs)('of keepalived.conf that are made to grow end in time: %s', (_name, text) => {
    for (const profile of ['default', 'keepalived-2.2'] as const) {
      for (let i = 0; i < 3; i++) loadAsKeepalived(text, profile);
      holdTime(text, () => loadAsKeepalived(text, profile));
    }
  });
});
