/** Options of the command line that ask for something to be shown, or change what is read: beside HAProxy 2.6 where it has them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-options-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Which = 'original' | 'ours';

function run(which: Which, config: string, ...args: string[]) {
  const file = join(folder, 'a.cfg');
  writeFileSync(file, config);
  const program = which === 'ours' ? distBin('haproxy') : findBinary('haproxy')!;
  const { status, stdout, stderr } = spawnSync(program, [...args, '-f', file], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

const frontend = 'frontend f\n mode http\n timeout client 1s\n bind 127.0.0.1:80\n';
const backend =
  'backend b\n timeout server 1s\n timeout connect 1s\n mode http\n balance leastconn\n server a 127.0.0.1:81 weight 0\n';

describeNet('options of haproxy', { binaries: ['haproxy'], build: true }, () => {
  it.each(['original', 'ours'] as const)('-L names the local peer: %s', (which) => {
    const config = `${frontend}.if streq("$HAPROXY_LOCALPEER",here)\n.alert "found"\n.endif\n`;
    expect(run(which, config, '-c').status).toBe(0);
    const named = run(which, config, '-c', '-L', 'here');
    expect(named.status).toBe(1);
    expect(named.stderr).toContain('found');
  });

  it.each(['original', 'ours'] as const)('-dL lists files that are there, with -q nothing else: %s', (which) => {
    const { status, stdout } = run(which, frontend, '-c', '-q', '-dL');
    const files = stdout.trim().split('\n');
    expect(status).toBe(0);
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    expect(stdout).toMatch(/libc\.so/);
    expect(run(which, `${frontend} zork\n`, '-c', '-q', '-dL').stdout).toBe('');
  });

  it.each(['original', 'ours'] as const)('-dKhelp names the classes: %s', (which) => {
    const { stdout } = run(which, frontend, '-c', '-q', '-dKhelp');
    expect(stdout).toContain('# List of supported keyword classes:\nall: list all keywords\nacl: ACL keywords\ncfg: ');
    expect(run(which, frontend, '-c', '-q', '-dKacl').stdout).toContain('path_beg = path -m beg\n');
  });

  it.each(['original', 'ours'] as const)('-dD tells, and changes no verdict: %s', (which) => {
    const { status, stdout, stderr } = run(which, frontend + backend, '-c', '-q', '-dD', '-dW');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(/^\[DIAG\] {5}\(\d+\) : config : \[.*a\.cfg:10\] : .*weight/m);
  });

  it('-dC shows the configuration, disguised with a key', () => {
    const { status, stdout } = run('ours', frontend, '-c', '-dC');
    expect(status).toBe(0);
    expect(stdout).toContain('frontend f\n\tmode http\n\ttimeout client 1s\n\tbind 127.0.0.1:80\n');
    const disguised = run('ours', frontend, '-c', '-dC42,line').stdout;
    expect(disguised).toMatch(/^1\tfrontend [0-9a-f]{6}\n2\t\tmode http\n.*\n4\t\tbind IPV4\([0-9a-f]{6}\):80$/m);
  });

  it('names options without an effect, and only those', () => {
    const { stderr } = run('ours', frontend, '-c', '-dI', '-dk', '-dv', '-dT', '-dZ', '-dS', '-dF', '-4', '-dG', '-de');
    expect(stderr.match(/not-carried-out/g)).toHaveLength(1);
    expect(stderr).toContain("option '-de' is known but has no effect here");
  });
});
