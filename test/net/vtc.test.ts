/**
 * The scenarios of test/vtc, by varnishtest: each makes one point about the proxy, and holds for Debian's HAProxy as well
 * as for ours. A scenario starts its own clients, servers and log receiver on ports of the kernel's choice; see vtc(7).
 *
 * One of them by hand, with everything that was said: `HAPROXY_PROGRAM=dist/bin/haproxy varnishtest -v test/vtc/NAME.vtc`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeNet, distBin, findBinary, repository } from './lib/requirements.ts';

const folder = join(repository, 'test/vtc');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.vtc'))
  .map((name) => name.slice(0, -'.vtc'.length));
const temporary = mkdtempSync(join(tmpdir(), 'tandem-vtc-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const AT_ONCE = 3;
let running = 0;
const waiting: (() => void)[] = [];

/** A place among those that run at once: more would only wait for the processor, and time out. */
async function takePlace(): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
}

function leavePlace(): void {
  running--;
  waiting.shift()?.();
}

function play(name: string, program: string): Promise<{ readonly code: number | null; readonly text: string }> {
  const args = ['-t', '60', join(folder, `${name}.vtc`)];
  const env = { ...process.env, HAPROXY_PROGRAM: program, TMPDIR: temporary };
  return new Promise((resolve) => {
    const child = execFile('varnishtest', args, { env, maxBuffer: 1 << 26 }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, text: stdout + stderr });
    });
  });
}

/** Of what varnishtest says the lines that tell why. */
function reasons(text: string): string {
  return text
    .split('\n')
    .filter((line) => /^----|syslog\||ALERT|internal error/.test(line))
    .join('\n');
}

/** Clients and servers of a scenario race on a busy machine: one that fails gets a second chance, and says so. */
async function hold(name: string, program: string): Promise<void> {
  await takePlace();
  try {
    let { code, text } = await play(name, program);
    if (code !== 0) {
      console.log(`${name} is played again: ${reasons(text)}`);
      ({ code, text } = await play(name, program));
    }
    expect(code, reasons(text)).toBe(0);
  } finally {
    leavePlace();
  }
}

describeNet('scenarios of varnishtest', { binaries: ['varnishtest', 'socat', 'curl'], build: true }, () => {
  it('are many', () => expect(names.length).toBeGreaterThanOrEqual(40));

  it.concurrent.each(names)('%s holds for ours', (name) => hold(name, distBin('haproxy')), 300_000);
});

describeNet(
  'scenarios of varnishtest, the real HAProxy',
  { binaries: ['varnishtest', 'socat', 'curl', 'haproxy'] },
  () => {
    it.concurrent.each(names)('%s holds', (name) => hold(name, findBinary('haproxy')!), 300_000);
  },
);
