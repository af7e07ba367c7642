import { describe, expect, it } from 'vitest';
import { lintUsage, parseLintArguments } from '../../../src/cli/lint-arguments.ts';
import { PROFILES } from '../../../src/config/profile.ts';
import { FORMATS } from '../../../src/config/report/report.ts';

const defaults = { compat: 'default', assumeFiles: false } as const;

describe('lint command line', () => {
  it('takes files, formats and levels', () => {
    const words = ['a.cfg', '-f', 'b.conf', '--format=sarif', '--fail-on', 'warning', '--compat', 'haproxy-2.6', '-q'];
    expect(parseLintArguments(words, defaults)).toMatchObject({
      paths: ['a.cfg', 'b.conf'],
      format: 'sarif',
      failOn: 'warning',
      compat: 'haproxy-2.6',
      quiet: true,
    });
  });

  it('takes nodes', () => {
    expect(parseLintArguments(['--node', 'a=x', '--node=b=y=z', '--assume-files'], defaults)).toMatchObject({
      nodes: [
        { name: 'a', path: 'x' },
        { name: 'b', path: 'y=z' },
      ],
      assumeFiles: true,
    });
  });

  it.each([
    [[], 'no file or directory given'],
    [['--format', 'xml', 'a'], /^--format takes one of pretty, json/],
    [['--fail-on', 'notice', 'a'], /^--fail-on takes/],
    [['--compat', 'haproxy-9', 'a'], /^--compat takes/],
    [['--node', 'a'], /^--node takes NAME=/],
    [['--node', 'a=x', 'b'], 'files belong to a node when there is --node'],
    [['--format'], '--format needs a value'],
    [['--assume-files=1', 'a'], "unknown option '--assume-files=1'"],
    [['--bogus', 'a'], "unknown option '--bogus'"],
  ])('refuses %j', (words, message) => {
    expect(parseLintArguments(words, defaults)).toMatch(message);
  });

  it('explains every format and profile', () => {
    for (const word of [...FORMATS, ...PROFILES]) expect(lintUsage.join('\n')).toContain(word);
  });
});
