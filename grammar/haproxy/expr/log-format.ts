/**
 * Log formats (manual, chapter 8.2.6 "Custom log format"): text with aliases (`%ci`) and sample expressions (`%[src]`).
 *
 *     format = (text | "%%" | "%" name? flags? item)*
 *     flags  = "{" ("+" | "-") letter ("," ...)* "}"
 *     item   = alias | "[" sample "]"
 *
 * `%(name:type)` gives an item a name and a type, since 3.0, which lines in JSON and CBOR have. `%{...}o` sets flags for
 * everything after it.
 */
import { nearestWord } from '../../spelling.ts';
import { isAtLeast, type Language } from '../keyword.ts';
import { readSample, type Sample } from './sample.ts';

export type LogFormatItem =
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'alias'; readonly name: string; readonly flags: string } & ItemLabel)
  | ({ readonly kind: 'sample'; readonly sample: Sample; readonly flags: string } & ItemLabel);

/** What stood in `%(label:cast)`. */
export interface ItemLabel {
  readonly label?: string;
  readonly cast?: ItemCast;
}

export type ItemCast = 'str' | 'sint' | 'bool';

export interface LogFormatFailure {
  readonly code: string;
  readonly problem: string;
  readonly suggestion?: string;
  /** Offset into the format. */
  readonly at: number;
}

const aliases = `
  o OG B CC CS H ID ST T Ta Tc Th Ti Tl Tq Tr TR Td Ts Tt Tu Tw U ac b bc bi bp bq ci cp f fc fi fp ft hr hrl hs hsl HM HP
  HPO HQ HU HV lc ms pid r rc rt s sc si sp sq sslc sslv t tr trg trl ts tsc
`;

const known: ReadonlySet<string> = new Set(aliases.trim().split(/\s+/));
export function readLogFormat(text: string, language: Language): readonly LogFormatItem[] | LogFormatFailure {
  const items: LogFormatItem[] = [];
  let at = 0;
  while (at < text.length) {
    const percent = text.indexOf('%', at);
    if (percent !== at) items.push({ kind: 'text', text: text.slice(at, percent < 0 ? text.length : percent) });
    if (percent < 0) break;
    const next = readItem(text, percent, language);
    if ('problem' in next) return next;
    items.push(next.item);
    at = next.end;
  }
  return items;
}

type ItemAndEnd = { readonly item: LogFormatItem; readonly end: number };

function readItem(text: string, percent: number, language: Language): ItemAndEnd | LogFormatFailure {
  const after = text[percent + 1];
  if (after === '%') return { item: { kind: 'text', text: '%' }, end: percent + 2 };
  const isNamed = language.lenient || isAtLeast(language.release, '3.0');
  const name = isNamed ? (/^\([^)]*\)/.exec(text.slice(percent + 1))?.[0] ?? '') : '';
  const label = readLabel(name);
  if (label === null) {
    const problem = `unexpected type in '${name}': only 'str', 'sint' and 'bool' are supported.`;
    return { code: 'bad-log-format', problem, at: percent };
  }
  const flagged = /^\{([^}]*)(\}?)/.exec(text.slice(percent + 1 + name.length));
  if (flagged && flagged[2] === '') return { code: 'bad-log-format', problem: "missing '}' after '%{'.", at: percent };
  const flags = flagged?.[1] ?? '';
  const at = percent + 1 + name.length + (flagged?.[0].length ?? 0);
  if (text[at] === '[') return readSampleItem(text, percent, at, flags, label, language);
  const alias = /^[A-Za-z0-9]*/.exec(text.slice(at))![0];
  if (alias === '') return readBare(text, percent, at, flagged !== null, language);
  if (!known.has(alias)) return unknownAlias(text, percent, alias);
  return { item: { kind: 'alias', name: alias, flags, ...label }, end: at + alias.length };
}

/** "(name:type)"; null: a type that there is not. */
function readLabel(text: string): ItemLabel | null {
  if (text === '') return {};
  const [label = '', cast] = text.slice(1, -1).split(':');
  if (cast !== undefined && cast !== 'str' && cast !== 'sint' && cast !== 'bool') return null;
  return { ...(label !== '' && { label }), ...(cast !== undefined && { cast }) };
}

/**
 * A percent sign before any other character vanishes, but flags need an item and a line must not end in one. Before a
 * blank it was kept once; current releases refuse that.
 */
function readBare(
  text: string,
  percent: number,
  at: number,
  hasFlags: boolean,
  language: Language,
): ItemAndEnd | LogFormatFailure {
  if (hasFlags) return { code: 'bad-log-format', problem: "flags without a variable after '%{...}'.", at: percent };
  if (at >= text.length) return { code: 'bad-log-format', problem: "truncated line after '%'.", at: percent };
  const isBlank = /\s/.test(text[at]!);
  if (isBlank && !language.lenient) {
    const problem = `unexpected variable name near '${text[at]}'. To write a '%' as it is, use '%%'.`;
    return { code: 'bad-log-format', problem, at: percent };
  }
  return { item: { kind: 'text', text: text.slice(isBlank ? percent : at, at + 1) }, end: at + 1 };
}

function unknownAlias(text: string, percent: number, alias: string): LogFormatFailure {
  const suggestion = nearestWord(alias, known);
  const problem = `no such format variable '${alias}'. To write a '%' as it is, use '%%'.`;
  const isPercentage = /^\d/.test(text[percent + 1]!);
  return { code: 'unknown-log-variable', problem, at: percent, ...(suggestion && !isPercentage && { suggestion }) };
}

function readSampleItem(
  text: string,
  percent: number,
  open: number,
  flags: string,
  label: ItemLabel,
  language: Language,
): ItemAndEnd | LogFormatFailure {
  const sample = readSample(text, language, open + 1);
  if ('problem' in sample) return { ...sample, at: percent };
  if (text[sample.end] !== ']') {
    return { code: 'bad-log-format', problem: `missing ']' after '${text.slice(open, sample.end)}'.`, at: percent };
  }
  return { item: { kind: 'sample', sample, flags, ...label }, end: sample.end + 1 };
}
