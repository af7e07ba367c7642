/**
 * Real keepalived.conf files: our exit code and the lines we report against the recorded ones of keepalived 2.2 and 2.4.
 *
 * The recordings were made with every interface that a file names in place, and with the programs and users of a plain
 * Debian; `RECORDED` says so. Lines are compared on files that the original finds fault with, as the set of lines that
 * anything is said about. What keepalived says without a line number (`UNPLACED`) is left out on our side.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { positionOf } from '../../grammar/source.ts';
import { exitCodeOf } from '../../src/config/keepalived-verdict.ts';
import { type LoadKeepalivedOptions, loadKeepalived } from '../../src/config/load-keepalived.ts';
import type { Profile } from '../../src/config/profile.ts';

const folder = resolve('../shared/corpus/keepalived');
const isThere = existsSync(folder);
if (!isThere) console.log(`skipped: no corpus at ${folder}`);

const PROGRAMS = ['killall', 'pidof', 'pkill', 'curl', 'python3', 'ip', 'systemctl', 'test', 'nc'];
const PLACES = ['', '/bin', '/usr/bin', '/sbin', '/usr/sbin'];
const FOLDERS = ['/', '/etc/keepalived', '/run', '/var/run', '/tmp', '/var/tmp'];

const RECORDED: LoadKeepalivedOptions['hostFacts'] = {
  interfaces: () => null,
  executable: (path) =>
    path === '/etc/init.d/postgresql' ||
    PLACES.some((place) => PROGRAMS.some((program) => path === (place === '' ? program : `${place}/${program}`))),
  user: (name) => ['root', 'nobody', 'daemon', 'haproxy'].includes(name),
  exists: (path) => FOLDERS.includes(path),
  namespace: () => false,
};

const UNPLACED = new Set([
  'auth-ignored',
  'duplicate-real-server',
  'duplicate-router-id',
  'empty-group',
  'hysteresis-too-high',
  'interface-missing',
  'missing-close-brace',
  'no-address',
  'no-forwarding-method',
  'no-protocol',
  'no-scheduler',
  'no-unicast-peers',
  'nopreempt-ignored',
  'multicast-ignored',
  'own-interface-tracked',
  'persistence-needed',
  'port-ignored',
  'port-mismatch',
  'preempt-delay-ignored',
  'protocol-ignored',
  'quorum-too-high',
  'router-id-missing',
  'script-not-here',
  'script-security',
  'single-member-group',
  'state-ignored',
  'strict-mode',
  'vmac-missing',
  'weight-ignored',
]);

interface Comparison {
  readonly name: string;
  readonly theirs: number;
  readonly ours: number;
  /** Lines that only one side speaks of. */
  readonly onlyTheirs: readonly number[];
  readonly onlyOurs: readonly number[];
}

function compare(name: string, release: '2.2' | '2.4'): Comparison {
  const report = readFileSync(join(folder, `${name}.${release}.txt`), 'latin1');
  const compat = `keepalived-${release}` as const;
  const options = { compat, assumeFiles: false, configId: 'recorder', env: {}, readFile: readFileSync };
  const { diagnostics } = loadKeepalived(join(folder, `${name}.conf`), { ...options, hostFacts: RECORDED });
  const theirs = new Set([...report.matchAll(/^\((?:[^()]*: )?Line (\d+)\) /gm)].map((match) => Number(match[1])));
  // 2.2 looks for real servers after reading, 2.4 at the end of the block.
  const isPlaced = (code: string) => !UNPLACED.has(code) && !(release === '2.2' && code === 'no-real-servers');
  const ours = new Set(
    diagnostics
      .filter(({ severity, code }) => severity === 'error' && isPlaced(code))
      .flatMap(({ at }) => (at ? [positionOf(at.source, at.start).line] : [])),
  );
  return {
    name,
    theirs: Number(/^with what it names present: exit (\d+)/m.exec(report)?.[1]),
    ours: exitCodeOf(diagnostics, compat),
    onlyTheirs: [...theirs].filter((line) => !ours.has(line)),
    onlyOurs: [...ours].filter((line) => !theirs.has(line)),
  };
}

function exitOf(name: string, compat: Profile, assumeFiles: boolean): number {
  const options = { compat, assumeFiles, configId: 'recorder', env: {}, readFile: readFileSync, hostFacts: RECORDED };
  return exitCodeOf(loadKeepalived(join(folder, `${name}.conf`), options).diagnostics, compat);
}

function percent(part: number, whole: number): number {
  return (100 * part) / whole;
}

describe.skipIf(!isThere).each(['2.2', '2.4'] as const)('keepalived %s on real files', (release) => {
  it('agrees on exit codes and lines', () => {
    const names = readdirSync(folder).flatMap((file) => (file.endsWith('.conf') ? [file.slice(0, -5)] : []));
    const all = names.map((name) => compare(name, release));
    const rejected = all.filter((each) => each.theirs !== 0);
    const otherExit = all.filter((each) => each.theirs !== each.ours);
    const otherLines = rejected.filter((each) => each.onlyTheirs.length + each.onlyOurs.length > 0);
    for (const { name, theirs, ours } of otherExit) console.log(`${name}.conf: exit ${theirs}, here ${ours}`);
    for (const { name, onlyTheirs, onlyOurs } of otherLines) {
      console.log(
        `${name}.conf: lines only theirs: ${onlyTheirs.join(' ') || '-'}; only ours: ${onlyOurs.join(' ') || '-'}`,
      );
    }
    const exits = percent(all.length - otherExit.length, all.length);
    const lines = percent(rejected.length - otherLines.length, rejected.length);
    console.log(
      `keepalived ${release}: exit code ${all.length - otherExit.length} of ${all.length} (${exits.toFixed(1)} %), ` +
        `lines ${rejected.length - otherLines.length} of ${rejected.length} rejected files (${lines.toFixed(1)} %)`,
    );
    expect(exits).toBeGreaterThanOrEqual(98);
    expect(lines).toBeGreaterThanOrEqual(90);
  });

  it.each([false, true])('has nothing refused by the default profile that it accepts (files assumed: %s)', (assume) => {
    const wrong = readdirSync(folder).flatMap((file) => {
      if (!file.endsWith('.conf')) return [];
      const { name, theirs } = compare(file.slice(0, -5), release);
      return theirs === 0 && exitOf(name, 'default', assume) !== 0 ? [name] : [];
    });
    expect(wrong).toEqual([]);
  });

  it('refuses nothing that it accepts', () => {
    const wrong = readdirSync(folder).flatMap((file) => {
      if (!file.endsWith('.conf')) return [];
      const { name, theirs, ours } = compare(file.slice(0, -5), release);
      return theirs === 0 && ours !== 0 ? [name] : [];
    });
    expect(wrong).toEqual([]);
  });
});
