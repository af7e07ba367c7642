/**
 * Real haproxy.cfg files: the exit code of a configuration test and the places of errors, against what HAProxy 2.6 and
 * 3.4 said with everything in place that the files name. Prints both figures. Files whose recorded verdict hangs on the
 * content of files that were made up for the recording, or on a crash of the original, are excused one by one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { positionOf } from '../../grammar/source.ts';
import { loadHaproxy } from '../../src/config/load-haproxy.ts';
import type { Profile } from '../../src/config/profile.ts';

const corpus = resolve('../shared/corpus/haproxy');
const isThere = existsSync(corpus);
if (!isThere) console.log(`skipped: verdicts on real haproxy.cfg files, ${corpus} is not there`);

/** Why a recorded verdict does not count, by file. */
const excused: Readonly<Record<string, string>> = {
  '005': 'takes a Lua action as declared without arguments, as the made-up Lua file says nothing',
  '031': 'content of the SPOE file, which is made up',
  '032': 'content of the SPOE file, which is made up',
  '051': 'a made-up file stands where the certificates have their folder; content of a DH parameter file',
  '090': 'content of the SPOE file, which is made up',
  '091': 'content of the SPOE file, which is made up',
  '127': 'a group that the recording machine does not have',
  '137': 'content of the crt-list file, which is made up',
  '155': 'a made-up file stands where the certificates have their folder',
  '156': 'a made-up file stands where the certificates have their folder',
  '193': 'content of a key file, which is made up',
  '221': 'a cipher list of another OpenSSL build',
  '239': 'content of the SPOE file, which is made up',
  '251': 'HAProxy 3.4 dies without a word; content of a DH parameter file',
  '256': 'HAProxy 3.4 dies without a word; content of a DH parameter file',
  '276': 'HAProxy 3.4 dies without a word; content of a DH parameter file',
  '353': 'content of the SPOE file, which is made up',
  '356': 'HAProxy 3.4 prints nothing with "quiet"',
  '363': 'a made-up file stands where the certificates have their folder',
};

interface Verdict {
  readonly exit: number;
  readonly lines: ReadonlySet<number>;
}

/** What was recorded. Alerts go on over lines that start with no bracket. */
function recordedVerdict(name: string, release: string): Verdict {
  const report = readFileSync(`${corpus}/${name}.${release}.txt`, 'utf8');
  const [, exit = ''] = /^with what it names present: exit (\d+)/m.exec(report) ?? [];
  let isAlert = false;
  const alerts = report.split('\n').filter((line) => {
    if (line.startsWith('[')) isAlert = line.startsWith('[ALERT]');
    return isAlert;
  });
  const place = new RegExp(`[[(]${name}\\.cfg:(\\d+)[\\])]`, 'g');
  return {
    exit: Number(exit),
    lines: new Set([...alerts.join('\n').matchAll(place)].map((match) => Number(match[1]))),
  };
}

function ownVerdict(name: string, compat: Profile): Verdict {
  const readFile = (path: string) => readFileSync(path);
  const options = { compat, assumeFiles: true, env: {}, readFile };
  const { diagnostics, hasListeners } = loadHaproxy([`${corpus}/${name}.cfg`], options);
  const errors = diagnostics.list.filter((diagnostic) => diagnostic.severity === 'error');
  const lines = errors.flatMap(({ at }) => (at ? [positionOf(at.source, at.start).line] : []));
  return { exit: errors.length > 0 ? 1 : hasListeners ? 0 : 2, lines: new Set(lines) };
}

function isSameSet(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}

const names = isThere
  ? readdirSync(corpus)
      .filter((file) => file.endsWith('.cfg'))
      .map((file) => file.slice(0, -4))
  : [];

function compare(compat: Profile, release: string) {
  const odd: string[] = [];
  const counts = { exit: 0, rejected: 0, places: 0, countedPlaces: 0, excused: 0 };
  for (const name of names) {
    const [theirs, ours] = [recordedVerdict(name, release), ownVerdict(name, compat)];
    const sameExit = theirs.exit === ours.exit;
    if (sameExit) counts.exit++;
    else if (excused[name]) counts.excused++;
    else odd.push(`${name}: exit ${ours.exit}, not ${theirs.exit}`);
    if (theirs.exit !== 1) continue;
    counts.rejected++;
    const samePlaces = isSameSet(theirs.lines, ours.lines);
    if (samePlaces) counts.places++;
    if (samePlaces || !excused[name]) counts.countedPlaces++;
    if (!samePlaces && !excused[name]) odd.push(`${name}: lines ${[...ours.lines]}, not ${[...theirs.lines]}`);
  }
  return { counts, odd };
}

const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;

describe.skipIf(!isThere)('real haproxy.cfg files', () => {
  it.each<[Profile, string]>([
    ['haproxy-2.6', '2.6'],
    ['haproxy-3.4', '3.4'],
  ])('%s agrees with HAProxy %s', (compat, release) => {
    const { counts, odd } = compare(compat, release);
    const all = names.length;
    console.log(
      [
        `${compat}: exit codes agree on ${counts.exit} of ${all} files (${percent(counts.exit, all)}),`,
        `${counts.excused} more excused (${percent(counts.exit + counts.excused, all)});`,
        `places agree on ${counts.places} of ${counts.rejected} rejected files (${percent(counts.places, counts.rejected)}),`,
        `of those not excused on ${percent(counts.places, counts.countedPlaces)}`,
        ...odd.map((line) => `\n  ${line}`),
      ].join(' '),
    );
    expect((counts.exit + counts.excused) / all).toBeGreaterThanOrEqual(0.98);
    expect(counts.exit / (all - counts.excused)).toBeGreaterThanOrEqual(0.98);
    expect(counts.places / counts.countedPlaces).toBeGreaterThanOrEqual(0.9);
  });

  it('the default profile refuses nothing that any release accepts', () => {
    const refused = names.filter((name) => {
      const isAccepted = ['2.6', '3.4'].some((release) => recordedVerdict(name, release).exit !== 1);
      return isAccepted && ownVerdict(name, 'default').exit === 1;
    });
    expect(refused).toEqual([]);
  });
});
