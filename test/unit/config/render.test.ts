import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../grammar/diagnostic.ts';
import { parseProfile } from '../../../src/config/profile.ts';
import { renderHaproxy, renderPretty } from '../../../src/config/render.ts';

const source = { file: 'h.cfg', text: 'listen a\n\tblance x\n' };
const error: Diagnostic = {
  code: 'unknown-keyword',
  severity: 'error',
  at: { source, start: 10, end: 16 },
  message: "unknown keyword 'blance' in 'listen' section; did you mean 'balance' maybe ?",
  suggestion: 'balance',
};
const warning: Diagnostic = {
  code: 'missing-timeouts',
  severity: 'warning',
  at: { source, start: 7, end: 8 },
  message: "missing timeouts for proxy 'a'.",
  notes: [{ message: 'Without them connections stay.' }],
};

describe('renderHaproxy', () => {
  it('prints place, message, column and the closing lines', () => {
    expect(renderHaproxy([warning, error], { pid: 7, quietWarnings: false })).toEqual([
      "[WARNING]  (7) : config : parsing [h.cfg:1] : missing timeouts for proxy 'a'.",
      '   | Without them connections stay.',
      "[ALERT]    (7) : config : parsing [h.cfg:2] : unknown keyword 'blance' in 'listen' section; did you mean 'balance' maybe ?",
      '   | h.cfg:2:2: unknown-keyword',
      '   |  blance x',
      '   |  ^^^^^^',
      '[ALERT]    (7) : config : Error(s) found in configuration file : h.cfg',
      '[ALERT]    (7) : config : Fatal errors found in configuration.',
    ]);
  });

  it('leaves warnings out when asked to', () => {
    expect(renderHaproxy([warning], { pid: 7, quietWarnings: true })).toEqual([]);
  });

  it('cuts a long line between characters, and underlines characters', () => {
    const text = Buffer.from(`x ${'状态'.repeat(30)}\n`).toString('latin1');
    const at = { source: { file: 'u.cfg', text }, start: 2, end: 8 };
    const [, , line = '', carets] = renderHaproxy([{ ...error, at }], { pid: 7, quietWarnings: false });
    expect(line).toMatch(/^ {3}\| x (状态)+状?$/);
    expect(carets).toBe('   |   ^^');
  });

  it('shows a piece of a very long line, and no control characters', () => {
    const text = `${'x'.repeat(70_000)}\x1b[31m\n`;
    const at = { source: { file: 'long.cfg', text }, start: 0, end: 70_005 };
    const lines = renderHaproxy([{ code: 'c', severity: 'error', at, message: 'a\x1bb' }], {
      pid: 1,
      quietWarnings: false,
    });
    expect(lines[0]).toContain('a?b');
    for (const line of lines) expect(line.length).toBeLessThan(200);
  });

  it('decodes UTF-8 and points at the right character', () => {
    const text = Buffer.from('a "数据" b\n').toString('latin1');
    const start = text.indexOf('b\n');
    const at = { source: { file: 'u.cfg', text }, start, end: start + 1 };
    const lines = renderHaproxy([{ code: 'c', severity: 'error', at, message: 'm' }], { pid: 1, quietWarnings: false });
    expect(lines.slice(2, 4)).toEqual(['   | a "数据" b', '   |        ^']);
  });
});

describe('renderPretty', () => {
  it('prints a code frame', () => {
    expect(renderPretty([error], { color: false })).toEqual([
      "error[unknown-keyword]: unknown keyword 'blance' in 'listen' section; did you mean 'balance' maybe ?",
      '  --> h.cfg:2:2',
      ' 2 |  blance x',
      '   |  ^^^^^^',
      '  instead: balance',
      '',
    ]);
  });
});

describe('parseProfile', () => {
  it.each([
    [undefined, 'default'],
    ['', 'default'],
    ['haproxy-2.6', 'haproxy-2.6'],
    ['keepalived-2.4', 'keepalived-2.4'],
    ['haproxy-1.0', null],
  ])('%s is %s', (value, profile) => {
    expect(parseProfile(value)).toBe(profile);
  });
});
