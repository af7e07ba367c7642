/**
 * Log formats and sample expressions from words to records: `resolveLogFormat` for `log-format` and its relatives,
 * `resolveSample` for words that are one expression (`balance hash(...)`).
 *
 * The words were checked when their lines were read. What only the proxy's mode tells is checked here, and what the
 * program does not carry out is warned about, once a word even if many proxies inherit it.
 */
import type { Diagnostics } from '../../grammar/diagnostic.ts';
import { type LogFormatItem, readLogFormat } from '../../grammar/haproxy/expr/log-format.ts';
import { readSample, type Sample } from '../../grammar/haproxy/expr/sample.ts';
import type { Language, Value } from '../../grammar/haproxy/keyword.ts';
import { toUtf8 } from '../../grammar/source.ts';
import { missingSteps } from './carried-samples.ts';
import {
  type ItemFlags,
  type LogEncoding,
  type LogFormat,
  type LogItem,
  NO_FLAGS,
  type SampleExpression,
  type SampleStep,
} from './log-format.ts';

/** Where a format stands. */
export interface FormatUse {
  /** `log-format`, for messages. */
  readonly keyword: string;
  readonly mode: 'tcp' | 'http';
  readonly diagnostics: Diagnostics;
  /** Every blank is kept as it is; log lines have single ones. */
  readonly keepsBlanks?: boolean;
}

/** Words have been read in their release's language before. */
const anyRelease: Language = { release: [99, 0], lenient: true };

/** Aliases that HAProxy knows in mode http only. */
const httpAliases: ReadonlySet<string> = new Set('CC CS HM HP HPO HQ HU HV Ta Ti Tq TR Tr r'.split(' '));

export function resolveLogFormat(value: Value, use: FormatUse): LogFormat {
  const read = readLogFormat(value.text, anyRelease);
  const items = 'problem' in read ? [] : read;
  let inherited = NO_FLAGS;
  let whole: WholeFlags = {};
  const resolved: LogItem[] = [];
  for (const item of items) {
    if (item.kind === 'text') {
      if (use.keepsBlanks) resolved.push({ kind: 'text', text: item.text });
      else addText(resolved, item.text);
      continue;
    }
    const flags = readFlags(item.flags, inherited);
    if (item.kind === 'alias' && item.name === 'o') {
      inherited = flags;
      whole = { ...whole, ...readEncoding(item.flags), ...(/\+bin\b/.test(item.flags) && { binary: true }) };
    } else resolved.push(resolveItem(item, flags, value, use));
  }
  const isWhole = resolved.every((item) => item.kind !== 'sample' || item.sample !== NO_VALUE);
  const text = isWhole ? value.text : printWhole(whole) + printItems(resolved);
  return { text: toUtf8(text), items: resolved, ...whole };
}

/** Text with its blanks apart. */
function addText(items: LogItem[], text: string): void {
  for (const part of text.match(/\s+|\S+/g) ?? []) {
    const last = items.at(-1);
    if (/\S/.test(part)) items.push({ kind: 'text', text: part });
    else if (last !== undefined && last.kind !== 'space') items.push({ kind: 'space' });
  }
}

function resolveItem(
  item: Exclude<LogFormatItem, { kind: 'text' }>,
  flags: ItemFlags,
  value: Value,
  use: FormatUse,
): LogItem {
  const { label, cast } = item;
  const named = { ...(label !== undefined && { label }), ...(cast !== undefined && { cast }) };
  const more = { flags, ...named, ...readEncoding(item.flags) };
  if (item.kind === 'sample') return { kind: 'sample', sample: resolveExpression(item.sample, value, use), ...more };
  if (use.mode === 'tcp' && httpAliases.has(item.name)) {
    const message = `failed to parse ${use.keyword} : format variable '${item.name}' is reserved for HTTP mode.`;
    use.diagnostics.error('mode-mismatch', value.at, message);
  }
  return { kind: 'alias', name: item.name, ...more };
}

const flagNames: Readonly<Record<string, Partial<Record<'+' | '-', Partial<ItemFlags>>>>> = {
  Q: { '+': { quoted: true }, '-': { quoted: false } },
  X: { '+': { hex: true }, '-': { hex: false } },
  E: { '+': { escaped: true }, '-': { escaped: false } },
  M: { '+': { dash: true }, '-': { dash: false } },
};

/** "+Q,-E" over what is inherited; others are ignored, as HAProxy ignores them. */
function readFlags(text: string, inherited: ItemFlags): ItemFlags {
  let flags = inherited;
  for (const part of text.split(',')) {
    const [, sign = '', name = ''] = /([+-])([^+-]*)$/.exec(part) ?? [];
    flags = { ...flags, ...flagNames[name]?.[sign as '+' | '-'] };
  }
  return flags;
}

type WholeFlags = Pick<LogFormat, 'encoding' | 'binary'>;

/** The last one counts. */
function readEncoding(flags: string): { readonly encoding?: LogEncoding } {
  const found = [...flags.matchAll(/\+(json|cbor)\b/g)].at(-1)?.[1];
  return found === 'json' || found === 'cbor' ? { encoding: found } : {};
}

/** One expression that is a word of its own, or stands at `start` in one. */
export function resolveSample(value: Value, use: Omit<FormatUse, 'mode'>, start = 0): SampleExpression | null {
  const sample = readSample(value.text, anyRelease, start);
  return 'problem' in sample ? null : resolveExpression(sample, value, use);
}

/** Stands for an expression that nobody here evaluates. */
const NO_VALUE: SampleExpression = { text: 'str()', fetch: { name: 'str', args: [] }, converters: [] };

function resolveExpression(
  { fetch, converters }: Sample,
  value: Value,
  use: Omit<FormatUse, 'mode'>,
): SampleExpression {
  const text = toUtf8([fetch, ...converters].map(printStep).join(','));
  const expression = { text, fetch, converters };
  const missing = missingSteps(expression);
  for (const name of missing) warn(value, `'${name}' in '${use.keyword}'`, use);
  return missing.length > 0 ? NO_VALUE : expression;
}

function printStep({ name, args }: SampleStep): string {
  const printed = args.map((arg) => (/[\s,()[\]'"\\]/.test(arg) ? `"${arg.replace(/["\\]/g, '\\$&')}"` : arg));
  return args.length > 0 || name === NO_VALUE.fetch.name ? `${name}(${printed.join(',')})` : name;
}

/** A format as text again, where it cannot be as it was written. */
function printItems(items: readonly LogItem[]): string {
  return items.map(printItem).join('');
}

function printWhole({ encoding, binary }: WholeFlags): string {
  const flags = [...(encoding ? [`+${encoding}`] : []), ...(binary ? ['+bin'] : [])];
  return flags.length === 0 ? '' : `%{${flags.join(',')}}o`;
}

function printItem(item: LogItem): string {
  if (item.kind === 'text') return item.text.replace(/%/g, '%%');
  if (item.kind === 'space') return ' ';
  const { quoted, hex, escaped, dash } = item.flags;
  const { label = '', cast, encoding } = item;
  const dashed = dash !== null && (dash ? '+M' : '-M');
  const flags = [quoted && '+Q', hex && '+X', escaped && '+E', dashed, encoding !== undefined && `+${encoding}`];
  const given = flags.filter((flag) => flag !== false).join(',');
  const name = label !== '' || cast !== undefined ? `(${label}${cast === undefined ? '' : `:${cast}`})` : '';
  return `%${name}${given && `{${given}}`}${item.kind === 'alias' ? item.name : `[${item.sample.text}]`}`;
}

/** Which words were warned about, of each run. */
const told = new WeakMap<Diagnostics, Set<string>>();

function warn({ at }: Value, what: string, { diagnostics }: { diagnostics: Diagnostics }): void {
  const known = told.get(diagnostics) ?? new Set();
  told.set(diagnostics, known);
  const key = `${at.source.file} ${at.start} ${what}`;
  if (known.has(key)) return;
  known.add(key);
  diagnostics.warning('not-carried-out', at, `${what} is accepted but not carried out: it has no value.`);
}
