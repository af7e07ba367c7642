import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { printKeywordClasses } from '../../../../src/config/explain/keyword-classes.ts';
import { languageOf } from '../../../../src/config/load-haproxy.ts';
import { findBinary } from '../../../net/lib/requirements.ts';

const haproxy = findBinary('haproxy');
const version = haproxy === null ? '' : spawnSync(haproxy, ['-v'], { encoding: 'utf8' }).stdout;
const isThere = version.includes('version 2.6.');
if (!isThere) console.log('skipped: lists of keywords beside the original, there is no HAProxy 2.6');
const language = languageOf('haproxy-2.6');

function original(classes: string): string[] {
  const { stdout } = spawnSync(haproxy!, [`-dK${classes}`, '-q', '-c', '-f', '/dev/null'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('classes of keywords', () => {
  it('are described by help, and unknown ones left out', () => {
    expect(printKeywordClasses(['help'], language)).toHaveLength(9);
    expect(printKeywordClasses(['zork'], language)).toEqual([]);
  });

  it('are listed one after another', () => {
    const all = printKeywordClasses(['all'], language);
    const titles = all.filter((line) => line.startsWith('# List of '));
    expect(titles).toHaveLength(7);
    expect(printKeywordClasses(['flt', 'svc'], language)).toContain('prometheus-exporter');
  });

  it('know the words of a release only', () => {
    const words = (profile: 'haproxy-2.6' | 'haproxy-3.4') => printKeywordClasses(['cfg'], languageOf(profile));
    expect(words('haproxy-2.6')).not.toContain('\thash-preserve-affinity');
    expect(words('haproxy-3.4')).toContain('\thash-preserve-affinity');
    expect(words('haproxy-2.6')).toContain('\tbind <addr> nice +1');
  });

  // Later releases give some of them other types, and some arguments other names.
  it.skipIf(!isThere).each(['acl', 'cnv', 'smp'])('are those of HAProxy 2.6: %s', (name) => {
    const theirs = original(name).filter((line) => !line.startsWith('#'));
    const ours = new Set(printKeywordClasses([name], language));
    const missing = theirs.filter((line) => !ours.has(line));
    expect(theirs.length).toBeGreaterThan(50);
    expect(missing.length / theirs.length, missing.join('\n')).toBeLessThan(0.06);
  });

  it.skipIf(!isThere)('have every word that HAProxy 2.6 lists', () => {
    const nameOf = (line: string) => line.replace(/ \+\d.*$| \[.*$|\*$/, '').trim();
    const ours = new Set(printKeywordClasses(['cfg'], language).flatMap((line) => [nameOf(line), ...firstWords(line)]));
    const theirs = original('cfg').filter((line) => line.startsWith('\t'));
    const missing = theirs.map(nameOf).filter((name) => !ours.has(name.replace(' ssl ', ' ')) && !ours.has(name));
    expect(missing.length / theirs.length, missing.join('\n')).toBeLessThan(0.06);
  });
});

/** The original lists "timeout", the rows "timeout client". */
function firstWords(line: string): string[] {
  return /^\t[a-z]/.test(line) ? [line.trim().split(' ')[0]!] : [];
}
