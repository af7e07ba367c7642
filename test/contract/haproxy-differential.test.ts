/**
 * Debian's HAProxy 2.6 and this program judge the same files that differ in one line, with TANDEM_COMPAT=haproxy-2.6.
 *
 * The lines are those of `fixtures/haproxy/variations.txt` and two or three variations of each keyword row: bare, with a
 * number, a word, too many words, out of range, in a section where it does not belong. What the two disagree on is
 * printed. Words whose verdict hangs on files, users or libraries of the machine are left out of the variations.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAtLeast } from '../../grammar/haproxy/keyword.ts';
import { bindTable, globalTable, proxyTable, serverTable } from '../../grammar/haproxy/keywords/table.ts';
import { loadHaproxy } from '../../src/config/load-haproxy.ts';

const version = spawnSync('haproxy', ['-v'], { encoding: 'utf8' }).stdout ?? '';
const isThere = version.includes('version 2.6.');
if (!isThere) console.log('skipped: differential test of haproxy.cfg lines, there is no HAProxy 2.6');

interface Variation {
  readonly section: string;
  readonly line: string;
}

/** Lines that the two judge differently, and why. Others count as well, but are printed without a reason. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/quic4@/, 'this build of HAProxy has no QUIC'],
  [/external-check/, 'HAProxy also wants "external-check" in the global section'],
  [/^backend \| use_backend/, 'ignored in a backend, so the name is not looked up'],
  [/^bind \| mode -1/, 'octal modes have digits only; HAProxy takes anything'],
  [
    /^cache \| max-age|^ring \| timeout|tune\.(?:fail-alloc|h2|vars)|email-alert \w+$|init-addr$|resolve-opts$/,
    'HAProxy takes a missing or unknown word',
  ],
  [/compression offload/, 'later releases refuse it in defaults'],
  [/^frontend \| (?:stick|capture cookie)/, 'HAProxy does not look at what it ignores here'],
  [/^bind \| thread/, 'more threads than this machine has; they are a warning here'],
  [/\| compression$/, 'the word by itself does nothing here'],
  [/no bind-process/, 'HAProxy lets "no" stand before options only; the word does nothing here anyway'],
  [/forced-yield 1 2/, 'HAProxy does not look at further words'],
  [/tune\.rcvbuf\.client -1/, 'HAProxy takes any number'],
  [/^server \| source|^backend \| source/, 'names are not looked up in a configuration test'],
  [/^server \| (?:maxconn|weight|minconn|maxqueue)$/, 'HAProxy takes a missing number for 0'],
];

const timeouts = 'defaults zz\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n mode http\n';

/** Lines without which a section is wrong. */
const needed: Readonly<Record<string, string>> = { cache: ' total-max-size 4\n', 'fcgi-app': ' docroot /x\n' };

/** A file that is right but for the line. */
function fileOf({ section, line }: Variation): string {
  switch (section) {
    case 'global':
      return `global\n ${line}\nfrontend f\n bind 127.0.0.1:1\n`;
    case 'bind':
      return `${timeouts}frontend f\n bind 127.0.0.1:1 ${line}\n`;
    case 'server':
      return `${timeouts}backend f\n server s 127.0.0.1:1 ${line}\nlisten g\n bind 127.0.0.1:1\n`;
    case 'defaults':
      return `${timeouts} ${line}\nfrontend f from zz\n bind 127.0.0.1:1\n`;
    case 'backend':
      return `${timeouts}backend f from zz\n ${line}\nfrontend g from zz\n bind 127.0.0.1:1\n`;
    case 'frontend':
    case 'listen':
      return `${timeouts}${section} f from zz\n bind 127.0.0.1:1\n ${line}\n`;
    default:
      return `${section} x\n${needed[section] ?? ''} ${line}\nlisten l\n bind 127.0.0.1:1\n`;
  }
}

/** What depends on the machine: files, users, namespaces, names that are looked up, how the original was built. */
const machine =
  /^(?:user|group|uid|gid|chroot|pidfile|localpeer|namespace|lua-\S+|errorfiles?|external-check \S+|setcap|ulimit-n|quiet|daemon|master-worker)$|file|-path$|^(?:crt|default-crt|ca-|crl-|issuers|ssl-dh|ssl-engine|ssl-prov|ssl-prop|51degrees|deviceatlas|wurfl|tune\.zlib|profiling\.memory|quic|tune\.quic|addr$|agent-addr|httpclient|thread-group|zero-warning|tune\.bufsize|mworker|resolvers|insecure|tls-ticket-keys)/;

const values = ['', '5', 'abc', '99999999999', '1 2 3', '10s', '-1', '0', 'on', '127.0.0.1:80'];
const ends = ['', '5', '1 2 3'];

function generate(): Variation[] {
  const variations: Variation[] = [];
  const tables = { global: globalTable, bind: bindTable, server: serverTable, proxy: proxyTable };
  let turn = 0;
  for (const [kind, table] of Object.entries(tables)) {
    for (const row of table.rows.values()) {
      if (!isAtLeast([2, 6], row.since) || machine.test(row.name)) continue;
      const section =
        kind === 'proxy' ? (['backend', 'frontend', 'listen'].find((s) => row.in.includes(s)) ?? 'defaults') : kind;
      const value = values[turn++ % values.length]!;
      variations.push({ section, line: `${row.name} ${value}`.trim() });
      variations.push({ section, line: `${row.name} ${ends[turn % ends.length]}`.trim() });
      if (kind === 'proxy') {
        const elsewhere = ['frontend', 'backend', 'defaults', 'global'][turn % 4]!;
        variations.push({ section: elsewhere, line: `${row.name} 5` });
        if (turn % 3 === 0) variations.push({ section, line: `no ${row.name}` });
      }
    }
  }
  return variations;
}

function readLines(): Variation[] {
  const lines = readFileSync('fixtures/haproxy/variations.txt', 'utf8').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const bar = line.indexOf('|');
      return { section: line.slice(0, bar), line: line.slice(bar + 1) };
    });
}

function judge(path: string): number {
  const readFile = (name: string) => readFileSync(name);
  const options = { compat: 'haproxy-2.6' as const, assumeFiles: true, env: {}, readFile };
  const { diagnostics, hasListeners } = loadHaproxy([path], options);
  if (diagnostics.hasErrors) return 1;
  return hasListeners ? 0 : 2;
}

/** Exit code of the original; -1 when it died. */
function ask(path: string): Promise<number> {
  return new Promise((resolve) => {
    execFile('haproxy', ['-c', '-f', path], { timeout: 60_000 }, (error) => {
      resolve(error ? (typeof error.code === 'number' ? error.code : -1) : 0);
    });
  });
}

function describeOdd({ section, line }: Variation, ours: number, theirs: number): string {
  const text = `${section} | ${line}`;
  const [, reason = 'no reason known'] = reasons.find(([pattern]) => pattern.test(text)) ?? [];
  return `${text}: ${ours}, not ${theirs} (${reason})`;
}

async function compareAll(variations: readonly Variation[], folder: string): Promise<string[]> {
  const odd: string[] = [];
  let next = 0;
  const work = async (name: string) => {
    const path = join(folder, name);
    for (let variation = variations[next++]; variation; variation = variations[next++]) {
      writeFileSync(path, fileOf(variation));
      const [theirs, ours] = [await ask(path), judge(path)];
      if (theirs !== ours && theirs !== -1) odd.push(describeOdd(variation, ours, theirs));
    }
  };
  await Promise.all([work('a.cfg'), work('b.cfg')]);
  return odd.sort();
}

describe.skipIf(!isThere)('one-line variations', () => {
  it('are judged as HAProxy 2.6 does', { timeout: 900_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-differential-'));
    const variations = [...readLines(), ...generate()];
    try {
      const odd = await compareAll(variations, folder);
      const share = 1 - odd.length / variations.length;
      console.log(`${variations.length} lines, ${(100 * share).toFixed(2)} % judged alike; the others:`, odd);
      expect(variations.length).toBeGreaterThan(1500);
      expect(share).toBeGreaterThanOrEqual(0.97);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
