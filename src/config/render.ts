/**
 * Diagnostics as text for people and for tools that read the original's output.
 *
 * `renderHaproxy` gives the lines HAProxy prints, severity, process id and place first, so that greps for
 * "[ALERT]" or "file:line" keep working; an error's column and the line itself follow on indented lines.
 * `renderPretty` gives a code frame for a terminal. keepalived's own style is made where its lines are logged.
 */
import type { Diagnostic, Severity } from '../../grammar/diagnostic.ts';
import { lineText, positionOf, type Span, toUtf8 } from '../../grammar/source.ts';

export interface HaproxyStyle {
  readonly pid: number;
  /** `-q`, and the test of a quiet configuration: only errors. */
  readonly quietWarnings: boolean;
}

export interface PrettyStyle {
  readonly color: boolean;
}

const labels: Readonly<Record<Severity, string>> = {
  error: '[ALERT]    ',
  warning: '[WARNING]  ',
  notice: '[NOTICE]   ',
};

/** Longest part of a line that a frame shows. */
const FRAME_WIDTH = 120;

/** In file order within a severity's own order of discovery, as the original prints while it reads. */
export function renderHaproxy(list: readonly Diagnostic[], style: HaproxyStyle): string[] {
  const shown = style.quietWarnings ? list.filter((diagnostic) => diagnostic.severity === 'error') : list;
  const lines = shown.flatMap((diagnostic) => renderOne(diagnostic, style.pid));
  const errors = list.filter((diagnostic) => diagnostic.severity === 'error' && diagnostic.code !== 'unreadable-file');
  if (errors.length === 0) return lines;
  const broken = new Set(errors.flatMap(({ at }) => (at ? [at.source.file] : [])));
  const prefix = `${labels.error}(${style.pid}) : config : `;
  const closing = [...broken].map((file) => `${prefix}Error(s) found in configuration file : ${file}`);
  return [...lines, ...closing, `${prefix}Fatal errors found in configuration.`];
}

function renderOne(diagnostic: Diagnostic, pid: number): string[] {
  const prefix = `${labels[diagnostic.severity]}(${pid}) : config : `;
  const message = printable(diagnostic.message);
  const { at } = diagnostic;
  if (!at || at.source.text === '') return [`${prefix}${message}`];
  const { line, column } = positionOf(at.source, at.start);
  const head = `${prefix}parsing [${at.source.file}:${line}] : ${message}`;
  const isError = diagnostic.severity === 'error';
  const more = isError ? [`${at.source.file}:${line}:${column}: ${diagnostic.code}`] : [];
  if (diagnostic.expected) more.push(`expected ${printable(diagnostic.expected)}`);
  for (const note of diagnostic.notes ?? []) more.push(printable(note.message));
  const frame = isError ? frameOf(at) : [];
  return [head, ...more.map((text) => `   | ${text}`), ...frame.map((text) => `   | ${text}`)];
}

/** The line that is meant and a caret line under it. */
function frameOf(at: Span): string[] {
  const { line, column } = positionOf(at.source, at.start);
  const whole = lineText(at.source, line).replaceAll('\t', ' ');
  const from = characterStart(whole, Math.max(0, column - 1 - FRAME_WIDTH / 2));
  const shown = whole.slice(from, characterStart(whole, from + FRAME_WIDTH));
  const before = printable(shown.slice(0, column - 1 - from));
  const marked = printable(shown.slice(column - 1 - from, at.end - at.start + column - 1 - from));
  return [printable(shown), `${' '.repeat(before.length)}${'^'.repeat(Math.max(1, marked.length))}`];
}

/** Where the UTF-8 character at a byte offset begins: a frame must not cut one in half. */
function characterStart(line: string, offset: number): number {
  let at = offset;
  while (at > 0 && /[\x80-\xbf]/.test(line[at] ?? '')) at--;
  return at;
}

/** Bytes to text a terminal can show: UTF-8 decoded, control characters replaced. */
function printable(latin1: string): string {
  const limited = latin1.length > 400 ? `${latin1.slice(0, 400)}...` : latin1;
  return toUtf8(limited).replace(/[\x00-\x08\x0a-\x1f\x7f]/g, '?');
}

const colors: Readonly<Record<Severity, string>> = { error: '\x1b[1;31m', warning: '\x1b[1;33m', notice: '\x1b[1;36m' };

/** A block per diagnostic: severity, code and message; place; code frame; what was expected; notes. */
export function renderPretty(list: readonly Diagnostic[], style: PrettyStyle): string[] {
  return list.flatMap((diagnostic) => {
    const { severity, code, at } = diagnostic;
    const [on, off] = style.color ? [colors[severity], '\x1b[0m'] : ['', ''];
    const lines = [`${on}${severity}[${code}]${off}: ${printable(diagnostic.message)}`];
    if (at) lines.push(...placed(at));
    if (diagnostic.expected) lines.push(`  expected: ${printable(diagnostic.expected)}`);
    if (diagnostic.suggestion) lines.push(`  instead: ${printable(diagnostic.suggestion)}`);
    for (const note of diagnostic.notes ?? []) {
      lines.push(`  note: ${printable(note.message)}`, ...(note.at ? placed(note.at) : []));
    }
    return [...lines, ''];
  });
}

function placed(at: Span): string[] {
  const { line, column } = positionOf(at.source, at.start);
  if (at.source.text === '') return [`  --> ${at.source.file}`];
  const gutter = String(line);
  const [text = '', carets = ''] = frameOf(at);
  const blank = ' '.repeat(gutter.length);
  return [`  --> ${at.source.file}:${line}:${column}`, ` ${gutter} | ${text}`, ` ${blank} | ${carets}`];
}
