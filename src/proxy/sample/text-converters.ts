/** Converters of text: case, parts, trimming, escapes, patterns (manual, 7.3.1). */
import { type ConverterTable, converter, simply } from './converter-row.ts';
import { intArg } from './fetch-row.ts';
import { escapeJson } from './json-text.ts';
import { parameterOf } from './message-parts.ts';
import { type IpValue, textAddress } from './value.ts';

/** `field` keeps empty parts, `word` skips them. From the right when the index is negative; 0 of `count`: all that follow. */
function partsOf(keepsEmpty: boolean) {
  return converter('str', 'str', (args) => {
    const index = intArg(args, 0, 1);
    const delimiters = args[1] ?? '';
    const count = intArg(args, 2, 1);
    return (text) => partOf(text, index, delimiters, count, keepsEmpty);
  });
}

interface Part {
  readonly start: number;
  readonly end: number;
}

function partOf(text: string, index: number, delimiters: string, count: number, keepsEmpty: boolean): string {
  const parts: Part[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && !delimiters.includes(text[at]!)) continue;
    if (keepsEmpty || at > start) parts.push({ start, end: at });
    start = at + 1;
  }
  const many = count === 0 ? parts.length : count;
  const from = index > 0 ? index - 1 : parts.length + index - (many - 1);
  const first = parts[index > 0 ? from : Math.max(0, from)];
  const last = parts[index > 0 ? Math.min(parts.length - 1, from + many - 1) : parts.length + index];
  return first === undefined || last === undefined ? '' : text.slice(first.start, last.end);
}

function trimmer(atStart: boolean) {
  return converter('str', 'str', ([chars = '']) => (text) => {
    let start = 0;
    let end = text.length;
    while (atStart && start < end && chars.includes(text[start]!)) start++;
    while (!atStart && end > start && chars.includes(text[end - 1]!)) end--;
    return text.slice(start, end);
  });
}

/** `+` is a blank in a query, and everywhere in a form. A broken escape leaves nothing. */
function decodeUrl(text: string, inForm: boolean): string | null {
  if (!/[%+]/.test(text)) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
  const query = inForm ? 0 : text.indexOf('?');
  const plain = query < 0 ? text : text.slice(0, query) + text.slice(query).replace(/\+/g, ' ');
  return plain.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function encodeUrl(text: string): string {
  return text.replace(/[^A-Za-z0-9._~-]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** A pattern and what it becomes, `\1` and `\\` as in POSIX; flags g and i. */
function makeSubstitution([pattern = '', replacement = '', flags = '']: readonly string[]): (
  text: string,
) => string | null {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, flags.replace(/[^gi]/g, ''));
  } catch {
    return () => null;
  }
  return (text) =>
    text.replace(expression, (...match: unknown[]) => {
      return replacement.replace(
        /\\(?:(\d)|x([0-9A-Fa-f]{2})|(.))/gs,
        (_, group?: string, hex?: string, other?: string) => {
          if (group !== undefined) return typeof match[Number(group)] === 'string' ? String(match[Number(group)]) : '';
          return hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : other!;
        },
      );
    });
}

function maskAddress([mask4 = '32', mask6 = '128']: readonly string[]): (address: IpValue) => IpValue {
  const masks = { 4: maskBytes(mask4, 4), 6: maskBytes(mask6, 16) };
  return ({ family, bytes }) => ({ family, bytes: bytes.map((byte, i) => byte & masks[family][i]!) });
}

function maskBytes(text: string, length: number): Uint8Array {
  const written = /[.:]/.test(text) ? textAddress(text) : null;
  if (written !== null) return written.bytes;
  const bits = Number.parseInt(text, 10);
  return Uint8Array.from({ length }, (_, i) => (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i))) & 0xff);
}

/** Where the colon before a port stands: the last one, but for those in brackets. */
function portStart(text: string): number | null {
  const colon = text.lastIndexOf(':');
  return colon < 0 || text.indexOf(']') > colon ? null : colon;
}

/** As HAProxy reads it: every character counts as a digit. */
function digitsValue(text: string): number {
  return [...text].reduce((sum, c) => sum * 10 + c.charCodeAt(0) - 48, 0);
}

export const textConverters: ConverterTable = {
  lower: simply('str', 'str', (text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  upper: simply('str', 'str', (text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())),
  length: simply('str', 'sint', (text) => text.length),
  field: partsOf(true),
  word: partsOf(false),
  ltrim: trimmer(true),
  rtrim: trimmer(false),
  /** Variables have no values here: what stands around them is put together. */
  concat: converter(
    'str',
    'str',
    ([before = '', , after = '']) =>
      (text) =>
        text + before + after,
  ),
  json: converter(
    'str',
    'str',
    ([encoding = 'ascii']) =>
      (text) =>
        escapeJson(text, encoding),
  ),
  url_dec: converter(
    'str',
    'str',
    ([form = '0']) =>
      (text) =>
        decodeUrl(text, form !== '0' && form !== ''),
  ),
  url_enc: simply('str', 'str', encodeUrl),
  regsub: converter('str', 'str', (args) => makeSubstitution(args)),
  cut_crlf: simply('str', 'str', (text) => text.replace(/[\r\n].*$/s, '')),
  host_only: simply('str', 'str', (text) => text.slice(0, portStart(text) ?? text.length)),
  port_only: simply('str', 'sint', (text) => digitsValue(text.slice((portStart(text) ?? text.length) + 1))),
  param: converter(
    'str',
    'str',
    ([name = '', mark = '']) =>
      (text) =>
        parameterOf(`&${text}`, name, mark === '' ? '&' : mark[0]!, false),
  ),
  reverse: simply('str', 'str', (text) => [...text].reverse().join('')),
  reverse_dom: simply('str', 'str', (text) => text.split('.').reverse().join('.')),
  ipmask: converter('addr', 'addr', (args) => maskAddress(args)),
};
