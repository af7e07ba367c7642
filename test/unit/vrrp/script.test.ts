/** Track scripts: the counting by itself, then real programs. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalDefs, ScriptConf, VrrpScriptConf } from '../../../src/config/keepalived.ts';
import { prepareScript } from '../../../src/vrrp/exec.ts';
import { createNotifier } from '../../../src/vrrp/notify.ts';
import { ScriptStatus, TrackScript } from '../../../src/vrrp/script.ts';
import { combineTracking } from '../../../src/vrrp/track.ts';
import { waitUntil } from '../../net/lib/wait.ts';

const place = { file: 'test', line: 1 };
const globals = { scriptUser: null, enableScriptSecurity: false } as GlobalDefs;

/** Verdict after each result: "+" good, "-" bad. */
function verdicts(rise: number, fall: number, results: string, initFail = false): string {
  const status = new ScriptStatus(rise, fall, initFail);
  return [...results]
    .map((each) => {
      status.count(each === '1');
      return status.verdict === 'good' ? '+' : '-';
    })
    .join('');
}

describe('rise and fall', () => {
  it.each([
    [1, 1, '101', '+-+', false],
    [2, 2, '1', '+', false],
    [2, 2, '0', '-', false],
    [3, 3, '100', '++' + '+', false],
    [3, 3, '1000', '+++-', false],
    [3, 3, '10010001', '++++++--', false],
    [3, 3, '0110111', '------+', false],
    [2, 3, '01', '--', false],
    [2, 3, '011', '--+', false],
    [2, 1, '11', '-+', true],
    [1, 1, '1', '+', true],
  ])('rise %i, fall %i: %s gives %s', (rise, fall, results, expected, initFail) => {
    expect(verdicts(rise, fall, results, initFail)).toBe(expected);
  });

  it('needs exactly `fall` failures in a row to fall and `rise` successes to rise', () => {
    const limits = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(limits, limits, fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), (rise, fall, results) => {
        const status = new ScriptStatus(rise, fall, false);
        let expected = results[0]!;
        let run = 0;
        status.count(expected);
        for (const result of results.slice(1)) {
          run = result === expected ? 0 : run + 1;
          if (run === (expected ? fall : rise)) {
            expected = result;
            run = 0;
          }
          status.count(result);
          expect(status.verdict).toBe(expected ? 'good' : 'bad');
        }
      }),
    );
  });
});

describe('weights', () => {
  const thing = (verdict: 'unknown' | 'good' | 'bad', weight: number, reverse = false) => ({
    verdict,
    weight,
    reverse,
  });

  it.each([
    [[thing('good', 5)], 5],
    [[thing('bad', 5)], 0],
    [[thing('good', -5)], 0],
    [[thing('bad', -5)], -5],
    [[thing('good', 5, true)], -5],
    [[thing('bad', -5, true)], 5],
    [[thing('unknown', 5), thing('unknown', -5)], 0],
    [[thing('good', 5), thing('bad', -2), thing('good', -9)], 3],
  ])('%j sum up to %i', (things, weight) => {
    expect(combineTracking(things)).toEqual({ faulty: false, pending: false, weight });
  });

  it('an unweighted one is a fault when down, under reverse when up, and awaited when unknown', () => {
    expect(combineTracking([thing('bad', 0)]).faulty).toBe(true);
    expect(combineTracking([thing('good', 0)]).faulty).toBe(false);
    expect(combineTracking([thing('good', 0, true)]).faulty).toBe(true);
    expect(combineTracking([thing('unknown', 0)])).toEqual({ faulty: false, pending: true, weight: 0 });
  });
});

describe('programs', () => {
  let folder: string;
  let running: TrackScript[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-script-'));
  });
  afterEach(() => {
    for (const script of running) script.stop();
    running = [];
    rmSync(folder, { recursive: true, force: true });
  });

  const file = (name: string): string => join(folder, name);
  function program(name: string, text: string): string {
    writeFileSync(file(name), `#!/bin/bash\n${text}\n`);
    chmodSync(file(name), 0o755);
    return file(name);
  }
  const confOf = (...argv: string[]): ScriptConf => ({ argv, text: argv.join(' '), user: null, group: null, place });

  function track(
    argv: string[],
    more: Partial<VrrpScriptConf> = {},
    onChange?: (script: TrackScript) => void,
  ): { script: TrackScript; lines: string[] } {
    const lines: string[] = [];
    const script: VrrpScriptConf = {
      name: 's',
      script: confOf(...argv),
      intervalMs: 50,
      timeoutMs: 5000,
      weight: 0,
      weightReverse: false,
      rise: 1,
      fall: 1,
      initFail: false,
      place,
      ...more,
    };
    const prepared = prepareScript(script.script, globals);
    if ('problem' in prepared) throw new Error(prepared.problem);
    const made = new TrackScript(
      script,
      prepared.program,
      (_level, text) => lines.push(text),
      () => onChange?.(made),
    );
    running.push(made);
    return { script: made, lines };
  }

  it('says what a run found, once for each change', async () => {
    const { script, lines } = track([program('check', `[ -e ${file('ok')} ]`)]);
    writeFileSync(file('ok'), '');
    script.start();
    await waitUntil('success', () => script.status.verdict === 'good');
    rmSync(file('ok'));
    await waitUntil('failure', () => script.status.verdict === 'bad');
    writeFileSync(file('ok'), '');
    await waitUntil('success again', () => script.status.verdict === 'good');
    expect(lines).toEqual([
      'VRRP_Script(s) succeeded',
      'Script `s` now returning 1',
      'VRRP_Script(s) failed (exited with status 1)',
      'Script `s` now returning 0',
      'VRRP_Script(s) succeeded',
    ]);
  });

  it('gives the words to the program as they are: no shell in between', async () => {
    const { script } = track([
      program('words', `printf '%s|' "$@" > ${file('out')}`),
      'a b',
      '$HOME; touch x',
      '*',
      '',
    ]);
    script.start();
    await waitUntil('output', () => existsSync(file('out')) && readFileSync(file('out'), 'utf8') !== '');
    expect(readFileSync(file('out'), 'utf8')).toBe('a b|$HOME; touch x|*||');
  });

  it('finds a program without a slash in PATH', async () => {
    const { script } = track(['true']);
    script.start();
    await waitUntil('success', () => script.status.verdict === 'good');
  });

  it('never runs twice at once, and ends a run at its timeout, children too', async () => {
    const text = `echo $$ >> ${file('starts')}; trap '' TERM; sleep 600 & echo $! > ${file('child')}; wait; sleep 600`;
    const { script, lines } = track([program('hang', text)], { timeoutMs: 150 }, (ended) => ended.stop());
    script.start();
    await waitUntil('the timeout', () => script.status.verdict === 'bad', { deadlineMs: 6000 });
    expect(lines).toContain('VRRP_Script(s) timed_out');
    expect(lines).toContain('Track script s is already running, expect idle - skipping run');
    expect(lines).toContain('Track script s is being timed out, expect idle - skipping run');
    expect(readFileSync(file('starts'), 'utf8').trim().split('\n').length).toBe(1);
    const child = Number(readFileSync(file('child'), 'utf8'));
    await waitUntil('the child to be gone', () => !existsSync(`/proc/${child}`) || isZombie(child));
  });

  it('names a program that is not there', () => {
    const problem = `Script ${file('absent')} cannot be accessed - No such file or directory`;
    expect(prepareScript(confOf(file('absent')), globals)).toMatchObject({ problem });
    const unknown = 'Cannot find script no-such-program in path - disabling';
    expect(prepareScript(confOf('no-such-program'), globals)).toMatchObject({ problem: unknown });
  });

  it('refuses what others may write when script security is on', () => {
    const path = program('open', 'exit 0');
    chmodSync(path, 0o777);
    const strict = { ...globals, enableScriptSecurity: true, scriptUser: { user: 'root', group: null } };
    expect(prepareScript(confOf(path), strict)).toMatchObject({
      insecure: true,
      problem: expect.stringContaining(path),
    });
    expect(prepareScript(confOf(path), { ...strict, enableScriptSecurity: false })).toMatchObject({ insecure: true });
    expect(prepareScript(confOf('/bin/true'), strict)).toMatchObject({
      insecure: false,
      program: { identity: { uid: 0 } },
    });
  });

  it('names a user that does not exist', () => {
    const conf = { ...confOf('/bin/true'), user: 'nobody-of-that-name' };
    expect(prepareScript(conf, globals)).toMatchObject({ problem: "Script user 'nobody-of-that-name' does not exist" });
  });

  it('notifies with the arguments that keepalived gives', async () => {
    const path = program('notify', `echo "$@" >> ${file('calls')}`);
    const notify = {
      master: confOf(path, 'to-master'),
      backup: confOf(path, 'to-backup'),
      fault: null,
      stop: confOf(path, 'to-stop'),
      masterRxLowerPri: confOf(path, 'lower'),
      all: confOf(path, 'all'),
    };
    const notifier = createNotifier(
      () => globals,
      () => {},
    );
    const subject = { kind: 'INSTANCE', name: 'VI_1', priority: 101 } as const;
    for (const state of ['BACKUP', 'MASTER', 'FAULT', 'STOP'] as const) {
      notifier.transition(notify, subject, state);
      await notifier.settle(5000);
    }
    notifier.lowerPriorityHeard(notify);
    await notifier.settle(5000);
    const calls = readFileSync(file('calls'), 'utf8').trim().split('\n');
    expect(calls.toSorted()).toEqual(
      [
        'to-backup',
        'all INSTANCE VI_1 BACKUP 101',
        'to-master',
        'all INSTANCE VI_1 MASTER 101',
        'all INSTANCE VI_1 FAULT 101',
        'to-stop',
        'all INSTANCE VI_1 STOP 101',
        'lower',
      ].toSorted(),
    );
  });
});

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
