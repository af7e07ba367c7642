/** The configurations of fixtures/scenarios/mysql-pair pass both config tests, with a warning for what has no effect. */
import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { describeNet, distBin, repository } from './lib/requirements.ts';

function test(
  program: 'haproxy' | 'keepalived',
  option: string,
  file: string,
): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const path = `fixtures/scenarios/mysql-pair/${file}`;
    execFile(distBin(program), [option, '-f', path], { cwd: repository }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, text: stdout + stderr });
    });
  });
}

describeNet('the MySQL pair configurations', { build: true }, () => {
  it.each(['node-a', 'node-b'])('%s/haproxy.cfg', async (node) => {
    const { code, text } = await test('haproxy', '-c', `${node}/haproxy/haproxy.cfg`);
    expect(code, text).toBe(0);
    expect(text.match(/\[WARNING\].*/g)).toEqual([
      expect.stringMatching(/haproxy\.cfg:7\] : 'nbproc' .*nbthread/),
      expect.stringMatching(/haproxy\.cfg:\d+\] : 'stats realm' ignores the argument 'Manager'/),
    ]);
    expect(text).toContain('Configuration file is valid');
  });

  it('node-a/keepalived.conf', async () => {
    const { code, text } = await test('keepalived', '-t', 'node-a/keepalived/keepalived.conf');
    expect(code, text).toBe(0);
    for (const warning of [/Line 13\).*nopreempt/, /Line 14\).*'debug' has no effect/]) {
      expect(text).toMatch(warning);
    }
    expect(text.match(/script '[^']*' not found/g)).toHaveLength(3);
    expect(/Line 8\).*eth1/.test(text)).toBe(!networkInterfaces().eth1);
  });

  it('node-b/keepalived.conf', async () => {
    const { code, text } = await test('keepalived', '-t', 'node-b/keepalived/keepalived.conf');
    expect(code, text).toBe(0);
    expect(text).not.toMatch(/nopreempt|debug/);
  });
});
