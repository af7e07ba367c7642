import { describe, expect, it } from 'vitest';
import type { LogProfileConf } from '../../../../src/config/logging.ts';
import {
  LineFormMaker,
  STEP_ACCEPT,
  STEP_CLOSE,
  STEP_CONNECT,
  STEP_ERROR,
  STEP_RESPONSE,
  stepBits,
} from '../../../../src/proxy/log/line-forms.ts';
import { SessionRecord } from '../../../../src/proxy/log/record.ts';
import { type LogSink, SessionLog } from '../../../../src/proxy/session-log.ts';
import { LineText } from '../../../../src/wire/line-text.ts';
import { makeProxy } from '../configuration.ts';
import { formatOf, makeWorld } from '../sample/evaluation.ts';

const world = makeWorld();

function profileOf(steps: LogProfileConf['steps']): LogProfileConf {
  return { name: 'p', tag: null, steps };
}

const format = (text: string, data: string | null = null) => ({
  drop: false,
  format: formatOf(text),
  data: data === null ? null : formatOf(data),
});
const drop = { drop: true, format: null, data: null };

/** A sink that keeps what is sent. */
function collect(): LogSink & { readonly lines: string[] } {
  const lines: string[] = [];
  const text = new LineText(new Uint8Array(4096));
  return {
    lines,
    begin() {
      text.clear();
      return text;
    },
    sendLine: (level, _atMs, data = '') =>
      void lines.push([level, data, String(text)].filter((x) => x !== '').join(' ')),
    send: (level, line) => void lines.push(`${level} ${line}`),
  };
}

const target = {
  address: { kind: 'fd', fd: 1 },
  facility: 16,
  level: 7,
  minLevel: 0,
  len: 1024,
  format: 'raw',
  sample: null,
  profile: null,
} as const;

function recordOf(given: Partial<SessionRecord> = {}): SessionRecord {
  return Object.assign(new SessionRecord(), { clientHost: '192.0.2.1', ...given });
}

describe('forms of lines', () => {
  const maker = new LineFormMaker(
    makeProxy({ logFormat: formatOf('own %ci'), errorLogFormat: formatOf('own error') }),
    world,
  );
  const written = (profile: LogProfileConf | null, step: number): string | null => {
    const form = maker.make(profile)[step]!;
    const line = new LineText(new Uint8Array(100));
    form?.put?.(line, recordOf());
    return form && String(line);
  };

  it('are the own ones without a profile, and where it says nothing', () => {
    expect(written(null, STEP_CLOSE)).toBe('own 192.0.2.1');
    expect(written(null, STEP_ERROR)).toBe('own error');
    expect(written(profileOf({ accept: drop }), STEP_CLOSE)).toBe('own 192.0.2.1');
  });

  it('are those of the step before those of any', () => {
    const profile = profileOf({ close: format('end'), connect: drop, any: format('any') });
    expect([STEP_CLOSE, STEP_CONNECT, STEP_RESPONSE, STEP_ERROR].map((step) => written(profile, step))).toEqual([
      'end',
      null,
      'any',
      'any',
    ]);
  });

  it('need what their formats need', () => {
    expect(maker.make(null)[STEP_CLOSE]!.needs).toBe(0);
    expect(maker.make(profileOf({ close: format('%fi') }))[STEP_CLOSE]!.needs).not.toBe(0);
  });

  it('of a proxy without a format are of accepts only, where steps are asked for', () => {
    const bare = new LineFormMaker(makeProxy({ logFormat: 'default', logSteps: ['accept', 'close'] }), world).make(
      null,
    );
    const line = new LineText(new Uint8Array(200));
    bare[STEP_CLOSE]!.put!(line, recordOf());
    expect(line.length).toBe(0);
    bare[STEP_ACCEPT]!.put!(line, recordOf());
    expect(String(line)).toMatch(/^Connect from 192\.0\.2\.1:/);
  });

  it('have a bit for each step', () => {
    expect(stepBits(['accept', 'close'])).toBe((1 << STEP_ACCEPT) | (1 << STEP_CLOSE));
  });
});

describe('a log with profiles and steps', () => {
  function logOf(given: Parameters<typeof makeProxy>[0], ...profiles: readonly (LogProfileConf | null)[]) {
    const sinks = profiles.map(() => collect());
    const plans = sinks.map((sink, i) => ({ sink, profile: profiles[i]! }));
    const log = new SessionLog(makeProxy({ logFormat: formatOf('%ci'), logs: [target], ...given }), plans, world);
    return { log, sent: () => sinks.map(({ lines }) => lines) };
  }

  it('writes to every target what its profile says', () => {
    const profile = profileOf({ close: format('mine', '[a]'), accept: drop });
    const { log, sent } = logOf({ logSteps: ['accept', 'close'] }, null, profile);
    log.write(recordOf(), false, STEP_ACCEPT);
    log.write(recordOf(), false, STEP_RESPONSE);
    log.write(recordOf(), false, STEP_CLOSE);
    expect(sent()).toEqual([['6 192.0.2.1', '6 192.0.2.1'], ['6 [a] mine']]);
  });

  it('waits for the end when any target shows what is known only then', () => {
    expect(logOf({}, null).log.isEarly).toBe(true);
    expect(logOf({}, null, profileOf({ close: format('%B') })).log.isEarly).toBe(false);
    expect(logOf({ logSteps: ['close'] }, profileOf({ close: format('%B') })).log.isEarly).toBe(true);
  });

  it('writes failures as the profile says', () => {
    const { log, sent } = logOf({}, null, profileOf({ error: format('bad %ci') }), profileOf({ any: drop }));
    log.writeFailure(recordOf({ frontend: 'f' }), 'l', 'broken');
    expect(sent().map((lines) => lines.length)).toEqual([1, 1, 0]);
    expect(sent()[1]).toEqual(['6 bad 192.0.2.1']);
    expect(sent()[0]![0]).toContain('f/l: broken');
  });

  it('counts a line once, however many targets have it', () => {
    const counts = new Int32Array(1);
    const sinks = [collect(), collect()];
    const plans = sinks.map((sink) => ({ sink, profile: profileOf({ any: format('n=%lc') }) }));
    const log = new SessionLog(makeProxy({ logFormat: 'tcplog', logs: [target] }), plans, world, { counts, at: 0 });
    log.write(recordOf(), false);
    log.write(recordOf(), false);
    expect(sinks.map(({ lines }) => lines)).toEqual([
      ['6 n=0', '6 n=1'],
      ['6 n=0', '6 n=1'],
    ]);
  });
});
