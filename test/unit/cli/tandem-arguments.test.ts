import { describe, expect, it } from 'vitest';
import { parseTandemArguments } from '../../../src/cli/tandem-arguments.ts';

describe('tandem command line', () => {
  it('takes any number of files to run', () => {
    expect(parseTandemArguments(['run', '-f', 'a.cfg', '-f', 'b.conf', '-D', '-p', 'x.pid'])).toMatchObject({
      kind: 'run',
      args: { files: ['a.cfg', 'b.conf'], daemon: true, pidFile: 'x.pid' },
    });
    expect(parseTandemArguments(['run', 'a.cfg', '-i', 'node1'])).toMatchObject({
      args: { files: ['a.cfg'], configId: 'node1' },
    });
  });

  it('logs JSON on request', () => {
    expect(parseTandemArguments(['run', '-f', 'a', '--log', 'json'])).toMatchObject({ args: { json: true } });
  });

  it.each([
    [[], 'nothing to do'],
    [['start'], "unknown command 'start'"],
    [['run'], 'no configuration file given (-f FILE)'],
    [['run', '-f'], '-f needs a value'],
    [['run', '--bogus'], "unknown option '--bogus'"],
    [['run', '-f', 'a', '--log', 'xml'], '--log takes text or json'],
  ])('refuses %j', (words, message) => {
    expect(parseTandemArguments(words)).toEqual({ kind: 'wrong', message });
  });
});
