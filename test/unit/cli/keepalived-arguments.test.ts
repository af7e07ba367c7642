import { describe, expect, it } from 'vitest';
import { type KeepalivedArguments, parseKeepalivedArguments } from '../../../src/cli/keepalived-arguments.ts';

function run(line: string): KeepalivedArguments {
  const command = parseKeepalivedArguments(line.split(' ').filter(Boolean));
  if (command.kind !== 'run') throw new Error(`${line}: ${JSON.stringify(command)}`);
  return command.args;
}

describe('keepalived command line', () => {
  it('has the defaults of the manual', () => {
    expect(run('')).toMatchObject({
      file: '/etc/keepalived/keepalived.conf',
      foreground: false,
      console: false,
      facility: 3,
      pidFile: '/run/keepalived.pid',
      vrrpPidFile: '/run/keepalived_vrrp.pid',
      checkPidFile: '/run/keepalived_checkers.pid',
    });
  });

  it.each([
    '-nlD -f x.conf -p a -r b -c d',
    '-nlDfx.conf -pa -rb -cd',
    '--dont-fork --log-console --log-detail --use-file=x.conf --pid=a --vrrp_pid=b --checkers_pid=d',
    '--dont-fork --log-con --log-det --use-file x.conf --pid a --vrrp_pid b --checkers_pid d',
  ])('reads "%s"', (line) => {
    expect(run(line)).toMatchObject({
      foreground: true,
      console: true,
      detail: true,
      file: 'x.conf',
      pidFile: 'a',
      vrrpPidFile: 'b',
      checkPidFile: 'd',
    });
  });

  it.each([
    ['-t', null],
    ['--config-test', null],
    ['-t/tmp/log', '/tmp/log'],
    ['-t=/tmp/log', '/tmp/log'],
    ['--config-test=/tmp/log', '/tmp/log'],
  ])('%s tests the configuration', (word, testLog) => {
    expect(run(`${word} -f x.conf`)).toMatchObject({ test: true, testLog, file: 'x.conf' });
  });

  it.each([
    ['-S 5', 21],
    ['-S local0', 16],
    ['--log-facility=user', 1],
    ['-S daemon', 3],
    ['-S nonsense', 3],
  ])('%s chooses the syslog facility', (line, facility) => {
    expect(run(line).facility).toBe(facility);
  });

  it('names the options that have no effect here', () => {
    expect(run('-x -A /s -s ns -d --all -R').inert).toEqual(['-x', '-A', '-s', '-d', '--all', '-R']);
  });

  it.each([
    ['--bogus', 'Unknown option --bogus'],
    ['-Z', 'Unknown option -Z'],
    ['-nZ', 'Unknown option -Z'],
    ['--log', 'Unknown option --log'],
    ['--vrrp=x', 'Unknown option --vrrp=x'],
    ['-f', 'Missing parameter for option -f'],
    ['--pid', 'Missing parameter for option --pid'],
    ['-n extra', 'Unexpected argument(s): extra'],
  ])('refuses "%s" with exit code 1', (line, message) => {
    expect(parseKeepalivedArguments(line.split(' '))).toEqual({ kind: 'wrong', message, code: 1 });
  });

  it.each([
    [['-h'], { kind: 'help' }],
    [['--version'], { kind: 'version' }],
    [['--signum=DATA'], { kind: 'signum', name: 'DATA' }],
    [['--signum', 'STOP'], { kind: 'signum', name: 'STOP' }],
  ])('%j is answered at once', (words, command) => {
    expect(parseKeepalivedArguments(words)).toEqual(command);
  });
});
