/**
 * The drop-in entries beside their originals: the same command lines must give the same exit codes, the same words on
 * stdout and the same ends by signal. Where an original is not installed, its column of the table stands alone.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accepts, freePort } from './lib/ports.ts';
import { writeFiles } from './lib/program.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { sleep, waitUntil } from './lib/wait.ts';

const timeouts = ' timeout connect 1s\n timeout client 1s\n timeout server 1s\n';
const listen = (port: number, more = '') => `listen web\n mode tcp\n${more}${timeouts} bind 127.0.0.1:${port}\n`;

for (const name of ['haproxy', 'keepalived']) {
  if (!findBinary(name)) console.warn(`SKIPPED the comparison with ${name}: not installed`);
}

let files: Awaited<ReturnType<typeof writeFiles>>;
let port = 0;
let busyPort = 0;
const holder = createServer();

beforeAll(async () => {
  port = await freePort();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  busyPort = (holder.address() as { port: number }).port;
  files = await writeFiles({
    'good.cfg': listen(port),
    'warn.cfg': `listen web\n bind 127.0.0.1:${port}\n server s 127.0.0.1:9\n`,
    'bad.cfg': `listen web\n bond 127.0.0.1:${port}\n serve s 127.0.0.1:9\n`,
    'busy.cfg': listen(busyPort),
    'elsewhere.cfg': `${listen(port).replace('127.0.0.1', '192.0.2.1')}`,
    'daemon.cfg': `global\n daemon\n${listen(port)}`,
    'nowhere.cfg': `${listen(port)} bind nowhere.invalid:80\n`,
    'elsewhere.conf':
      'vrrp_instance a {\n interface nope9\n virtual_router_id 1\n virtual_ipaddress {\n 192.0.2.1\n }\n}\n',
    'global.cfg': 'global\n maxconn 10\n',
    'empty.cfg': '',
    'empty.conf': '',
    'unknown.conf': 'global_defs {\n bogus_word 1\n}\n',
  });
});
afterAll(async () => {
  holder.close();
  await files.remove();
});

function resolveArgs(args: readonly string[]): string[] {
  return args.map((arg) => (/\.(cfg|conf|pid)$/.test(arg) ? files.path(arg) : arg));
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(bin: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Outcome {
  const done = spawnSync(bin, resolveArgs(args), { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL', env });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** What is said on stdout, without the lines that tell which program it is. */
function said(outcome: Outcome): string[] {
  return outcome.stdout.split('\n').filter((line) => /^(Configuration file|Warnings)/.test(line));
}

const haproxyTable: readonly (readonly [string, number, readonly string[]])[] = [
  ['', 1, []],
  ['-Z', 1, []],
  ['-f', 1, []],
  ['-c', 1, []],
  ['-c -f good.cfg stray', 1, []],
  ['-v', 0, []],
  ['-vv', 0, []],
  ['-c -f good.cfg', 0, ['Configuration file is valid']],
  ['-c -V -f good.cfg', 0, ['Configuration file is valid']],
  ['-c -q -f good.cfg', 0, []],
  ['-c -f warn.cfg', 0, ['Warnings were found.', 'Configuration file is valid']],
  ['-c -dW -f warn.cfg', 1, []],
  ['-c -dW -f good.cfg', 0, ['Configuration file is valid']],
  ['-c -f bad.cfg', 1, []],
  ['-c -q -f bad.cfg', 1, []],
  ['-c -f absent.cfg', 1, []],
  ['-c -- good.cfg', 0, ['Configuration file is valid']],
  ['-c -f global.cfg', 2, ['Configuration file has no error but will not start (no listener) => exit(2).']],
  ['-c -f empty.cfg', 2, ['Configuration file has no error but will not start (no listener) => exit(2).']],
  ['-c -f busy.cfg', 0, ['Configuration file is valid']],
  ['-db -f global.cfg', 1, []],
  ['-db -f busy.cfg', 1, []],
  ['-db -f elsewhere.cfg', 1, []],
  ['-D -f busy.cfg', 1, []],
  ['-W -f busy.cfg', 1, []],
  ['-C /absent-folder -c -f good.cfg', 1, []],
  ['-cc streq(a,a)', 0, []],
  ['-cc streq(a,b)', 1, []],
  ['-cc nonsense(', 2, []],
];

describeNet('the haproxy entry', { build: true }, () => {
  const original = findBinary('haproxy');

  it.each(haproxyTable)('haproxy %s exits with %i', (line, code, words) => {
    const args = line.split(' ').filter(Boolean);
    const ours = run(distBin('haproxy'), args);
    expect({ code: ours.code, said: said(ours) }, ours.stderr).toEqual({ code, said: words });
    if (!original) return;
    const theirs = run(original, args);
    expect({ code: theirs.code, said: said(theirs) }, 'the original').toEqual({ code, said: words });
  });

  it('refuses what is no process number after -sf and -st, as the original does', () => {
    for (const words of ['-sf abc', '-sf 99999999 12x', '-st x']) {
      const args = ['-db', '-f', 'good.cfg', ...words.split(' ')];
      const ours = run(distBin('haproxy'), args);
      expect(ours.code).toBe(1);
      const alert = (text: string) =>
        text
          .split('\n')
          .find((line) => line.startsWith('[ALERT]'))
          ?.split(' : ')[1];
      expect(alert(ours.stderr)).toContain('some bytes unconsumed in PID list {');
      if (original) expect(alert(ours.stderr)).toBe(alert(run(original, args).stderr));
    }
  });

  it('says where it fails in the words of the original', () => {
    const lines = (bin: string, config: string) =>
      run(bin, ['-db', '-f', config])
        .stderr.split('\n')
        .filter((line) => line.startsWith('[ALERT]'))
        .map((line) => line.replace(/\(\d+\)/, '(PID)').replace(/\[\S*haproxy\.main/, '[haproxy.main'));
    expect(lines(distBin('haproxy'), 'busy.cfg')).toEqual([
      `[ALERT]    (PID) : Binding [${files.path('busy.cfg')}:6] for proxy web: cannot bind socket (Address already in use) for [127.0.0.1:${busyPort}]`,
      '[ALERT]    (PID) : [haproxy.main()] Some protocols failed to start their listeners! Exiting.',
    ]);
    if (!original) return;
    for (const config of ['busy.cfg', 'elsewhere.cfg', 'global.cfg', 'bad.cfg']) {
      expect(lines(distBin('haproxy'), config)).toEqual(lines(original, config));
    }
  });

  it('names its release so that tools can read it', () => {
    expect(run(distBin('haproxy'), ['-v']).stdout).toMatch(/^HAProxy version \d+\.\d+\.\d+/);
    expect(run(distBin('haproxy'), ['-vqb']).stdout).toMatch(/^\d+\.\d+\n$/);
  });

  it('warns of options that have no effect', () => {
    const outcome = run(distBin('haproxy'), ['-c', '-de', '-m', '100', '-f', 'good.cfg']);
    expect(outcome.stderr).toMatch(/\[WARNING\].*'-m'.*not-carried-out/);
    expect(outcome.stderr).toMatch(/\[WARNING\].*'-de'.*not-carried-out/);
  });

  it.each([
    ['haproxy', '-c -f nowhere.cfg', 'haproxy-3.4', 1],
    ['keepalived', '-t -f elsewhere.conf', 'keepalived-2.4', 5],
  ] as const)('%s takes what a file names as present when asked to', (name, line, profile, code) => {
    const args = line.split(' ');
    const env = { ...process.env, TANDEM_COMPAT: profile };
    expect(run(distBin(name), args, env).code).toBe(code);
    expect(run(distBin(name), args, { ...env, TANDEM_ASSUME_FILES: '1' }).code).toBe(0);
  });

  it('refuses a profile that it does not know', () => {
    const outcome = run(distBin('haproxy'), ['-v'], { ...process.env, TANDEM_COMPAT: 'haproxy-9' });
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('haproxy-2.6');
  });
});

/** Starts in the foreground, waits until it listens, sends a signal, and tells how it ended. */
async function endBySignal(bin: string, args: readonly string[], signal: NodeJS.Signals): Promise<string> {
  const child: ChildProcess = spawn(bin, resolveArgs(args), { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  try {
    await waitUntil(`${bin} to listen`, () => accepts(port));
    if (args[0] === '-W') await waitUntil(`${bin} to have started`, () => errors.includes('Loading success.'));
    // The original's worker loses a signal that its master passes on this early, and then never ends.
    if (bin !== distBin('haproxy')) await sleep(500);
    const ended = new Promise<string>((resolve) => child.once('exit', (code, by) => resolve(by ?? `code ${code}`)));
    child.kill(signal);
    return await ended;
  } finally {
    child.kill('SIGKILL');
    await waitUntil('the port to be free', async () => !(await accepts(port)));
  }
}

describeNet('ends of the haproxy entry', { build: true }, () => {
  const original = findBinary('haproxy');

  it.each<[string, NodeJS.Signals, string]>([
    ['-db -f good.cfg', 'SIGTERM', 'SIGTERM'],
    ['-db -f good.cfg', 'SIGINT', 'SIGINT'],
    ['-db -f good.cfg', 'SIGUSR1', 'code 0'],
    ['-W -f good.cfg', 'SIGTERM', 'code 0'],
    ['-W -f good.cfg', 'SIGINT', 'code 130'],
    ['-W -f good.cfg', 'SIGUSR1', 'code 0'],
  ])('%s, then %s: %s', async (line, signal, end) => {
    const args = line.split(' ');
    expect(await endBySignal(distBin('haproxy'), args, signal)).toBe(end);
    if (original) expect(await endBySignal(original, args, signal), 'the original').toBe(end);
  });

  it.each([
    ['-D -f good.cfg -p run.pid', true],
    ['-f daemon.cfg -p run.pid', true],
    ['-D -W -f good.cfg -p run.pid', true],
  ])('haproxy %s serves in the background when the caller goes on', async (line) => {
    const bins = [distBin('haproxy'), ...(original ? [original] : [])];
    for (const bin of bins) {
      rmSync(files.path('run.pid'), { force: true });
      expect(run(bin, line.split(' ')).code).toBe(0);
      expect(await accepts(port)).toBe(true);
      const pid = Number(readFileSync(files.path('run.pid'), 'utf8'));
      expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('haproxy\n');
      process.kill(pid, 'SIGTERM');
      await waitUntil('its end', () => !existsSync(`/proc/${pid}`));
      expect(existsSync(files.path('run.pid'))).toBe(true);
    }
  });

  it('replaces an old process with -sf, whichever program that is', async () => {
    for (const old of [distBin('haproxy'), ...(original ? [original] : [])]) {
      expect(run(old, ['-D', '-f', 'good.cfg', '-p', 'run.pid']).code).toBe(0);
      const oldPid = Number(readFileSync(files.path('run.pid'), 'utf8'));
      expect(run(distBin('haproxy'), ['-D', '-f', 'good.cfg', '-p', 'run.pid', '-sf', `${oldPid}`]).code).toBe(0);
      await waitUntil('the old process to leave', () => !existsSync(`/proc/${oldPid}`));
      expect(await accepts(port)).toBe(true);
      const pid = Number(readFileSync(files.path('run.pid'), 'utf8'));
      process.kill(pid, 'SIGTERM');
      await waitUntil('its end', () => !existsSync(`/proc/${pid}`));
    }
  });
});

const keepalivedTable: readonly (readonly [string, number])[] = [
  ['--help', 0],
  ['-h', 0],
  ['-v', 0],
  ['--version', 0],
  ['--bogus', 1],
  ['-f', 1],
  ['--signum=STOP', 0],
  ['--signum=NONSENSE', 1],
  ['-t -f empty.conf', 0],
];

describeNet('the keepalived entry', { build: true }, () => {
  const original = findBinary('keepalived');

  it.each(keepalivedTable)('keepalived %s exits with %i', (line, code) => {
    expect(run(distBin('keepalived'), line.split(' ')).code).toBe(code);
    if (original) expect(run(original, line.split(' ')).code, 'the original').toBe(code);
  });

  it('tests as the original does when asked to', () => {
    const env = { ...process.env, TANDEM_COMPAT: 'keepalived-2.2' };
    for (const config of ['unknown.conf', 'absent.conf', 'empty.conf']) {
      const ours = run(distBin('keepalived'), ['-t', '-f', config], env);
      if (original) expect(ours.code, config).toBe(run(original, ['-t', '-f', config]).code);
    }
    expect(run(distBin('keepalived'), ['-t', '-f', 'unknown.conf'], env).code).toBe(5);
  });

  it('writes the lines of a test to a file', () => {
    const log = files.path('test.log');
    const outcome = run(distBin('keepalived'), [`--config-test=${log}`, '-f', 'unknown.conf']);
    expect(outcome.stderr).toBe('');
    expect(readFileSync(log, 'utf8')).toContain('bogus_word');
  });

  it('prints the numbers of its signals', () => {
    for (const name of ['STOP', 'RELOAD', 'DATA', 'STATS']) {
      const ours = run(distBin('keepalived'), [`--signum=${name}`]).stdout;
      if (original) expect(ours).toBe(run(original, [`--signum=${name}`]).stdout);
      expect(ours).toMatch(/^\d+\n$/);
    }
  });
});

describeNet('the tandem entry', { build: true }, () => {
  it('tests files of both languages together', () => {
    const good = run(distBin('tandem'), ['--config-test', '-f', 'good.cfg', '-f', 'empty.conf']);
    expect(good.code).toBe(0);
    expect(good.stdout).toContain('2 files: 0 errors');
    const bad = run(distBin('tandem'), ['--config-test', '-f', 'bad.cfg', '-f', 'unknown.conf']);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('bad.cfg:2:2');
    expect(bad.stdout).toContain('unknown.conf:2:2');
  });

  it('explains itself', () => {
    expect(run(distBin('tandem'), ['--help']).code).toBe(0);
    expect(run(distBin('tandem'), ['--version']).stdout).toMatch(/^tandem \d+\.\d+\.\d+\n$/);
    expect(run(distBin('tandem'), []).code).toBe(2);
    expect(run(distBin('tandem'), ['run', '-f', 'empty.conf', '-f', 'unknown.conf']).code).toBe(2);
  });
});
