import { describe, expect, it } from 'vitest';
import { type HaproxyArguments, parseHaproxyArguments } from '../../../src/cli/haproxy-arguments.ts';

function run(line: string): HaproxyArguments {
  const command = parseHaproxyArguments(line.split(' '));
  if (command.kind !== 'run') throw new Error(`${line}: ${command.kind}`);
  return command.args;
}

describe('haproxy command line', () => {
  it('takes the line of a service file', () => {
    const args = run('-Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -S /run/haproxy-master.sock');
    expect(args).toMatchObject({
      files: ['/etc/haproxy/haproxy.cfg'],
      masterWorker: true,
      tellsServiceManager: true,
      pidFile: '/run/haproxy.pid',
      inert: ['-S'],
    });
  });

  it('takes the line of an init script that replaces the old process', () => {
    const args = run('-f a.cfg -D -p /run/h.pid -sf 12 13 -V');
    expect(args).toMatchObject({ daemon: true, oldPids: [12, 13], oldSignal: 'SIGUSR1' });
  });

  it.each([
    ['-sf', 'SIGUSR1'],
    ['-st', 'SIGTERM'],
  ])('%s without numbers is no error', (flag, signal) => {
    expect(run(`-f a.cfg ${flag}`)).toMatchObject({ oldPids: [], oldSignal: signal });
  });

  it('takes files after --, whatever they are called', () => {
    expect(run('-f a.cfg -- b.cfg -c')).toMatchObject({ files: ['a.cfg', 'b.cfg', '-c'], check: false });
  });

  it('reads limits, and takes 0 and nonsense for none', () => {
    expect(run('-f a -n 100 -N 20')).toMatchObject({ maxconn: 100, proxyMaxconn: 20 });
    expect(run('-f a -n 0 -N x')).toMatchObject({ maxconn: null, proxyMaxconn: null });
  });

  it('knows the options that have no effect here, and names them', () => {
    const line = '-f a -d -m 100 -x /run/s.sock -S /run/m.sock -de -dp -dV -dc -dM0x50 -dt -dAcore.tar';
    expect(run(line).inert).toEqual('-d -m -x -S -de -dp -dV -dc -dM0x50 -dt -dAcore.tar'.split(' '));
  });

  it('grants what goes without saying', () => {
    expect(run('-f a -dk -dv -dI -dT -dZ')).toEqual(run('-f a'));
  });

  it('reads what is to be shown', () => {
    expect(run('-f a -dKcfg,smp -dKall -dL -dD')).toMatchObject({
      keywordClasses: ['cfg', 'smp', 'all'],
      listsFiles: true,
      diagnoses: true,
      inert: [],
    });
  });

  it.each([
    ['-dC', { key: null, numbers: false }],
    ['-dC0', { key: null, numbers: false }],
    ['-dC123', { key: 123, numbers: false }],
    ['-dC,line', { key: null, numbers: true }],
    ['-dC7,line', { key: 7, numbers: true }],
  ])('%s asks for a dump', (flag, dump) => {
    expect(run(`-f a ${flag}`).dump).toEqual(dump);
  });

  it.each([
    ['-dS', { noSplice: true, onlyIpv4: false }],
    ['-dF', { noSplice: true, onlyIpv4: false }],
    ['-dG', { noSplice: false, onlyIpv4: true }],
    ['-4', { noSplice: false, onlyIpv4: true }],
  ])('%s changes how it runs', (flag, expected) => {
    expect(run(`-f a ${flag}`)).toMatchObject(expected);
  });

  it('takes the name of the local peer', () => {
    expect(run('-f a -L here')).toMatchObject({ localPeer: 'here' });
  });

  it.each(['-v', '-vv', '-vq', '-vqs', '-vqb'])('%s asks for the version', (form) => {
    expect(parseHaproxyArguments([form])).toEqual({ kind: 'version', form });
  });

  it.each(['', '-Z -f a', '-f', '-c', '-f a extra', '-h', '-f a -p', '-f a -n'])('"%s" gets the usage text', (line) => {
    expect(parseHaproxyArguments(line.split(' ').filter(Boolean))).toEqual({ kind: 'usage' });
  });
});
