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
    const args = run('-f a.cfg -D -p /run/h.pid -sf 12 13 x -V');
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
    const line = '-f a -d -m 100 -x /run/s.sock -L peer -de -dp -dS -dG -dV -dD -dM0x50 -dKall -dL -dt';
    expect(run(line).inert).toEqual('-d -m -x -L -de -dp -dS -dG -dV -dD -dM0x50 -dKall -dL -dt'.split(' '));
  });

  it.each(['-v', '-vv', '-vq', '-vqs', '-vqb'])('%s asks for the version', (form) => {
    expect(parseHaproxyArguments([form])).toEqual({ kind: 'version', form });
  });

  it.each(['', '-Z -f a', '-f', '-c', '-f a extra', '-h', '-f a -p', '-f a -n'])('"%s" gets the usage text', (line) => {
    expect(parseHaproxyArguments(line.split(' ').filter(Boolean))).toEqual({ kind: 'usage' });
  });
});
