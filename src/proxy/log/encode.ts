/**
 * Log formats whose values are written as JSON or CBOR (manual, chapter 8.2.6: the flags `json`, `cbor`, `bin`):
 *
 *     %{+json}o %(client)ci %(status)ST   ->   {"client": "192.0.2.1", "status": 200}
 *     %{+json}[str(a"b)]                  ->   "a\"b"
 *
 * Of a line as a whole only items with labels count; text between them is left out. Numbers stay numbers, what is missing
 * is null, a label's type counts before the item's own. CBOR is written as hexadecimal digits, unless `bin` asks for
 * its bytes.
 */
import { isUtf8 } from 'node:buffer';
import type { ProxyConf } from '../../config/haproxy.ts';
import type { LogEncoding, LogFormat, LogItem } from '../../config/log-format.ts';
import { type CborValue, encodeCbor, encodeCborMap } from '../../wire/cbor.ts';
import { LineText } from '../../wire/line-text.ts';
import { compileSample } from '../sample/compile.ts';
import type { SampleWorld } from '../sample/sample-world.ts';
import { addressText, type SampleValue } from '../sample/value.ts';
import { aliases, type Moment, WITH_ANSWER } from './aliases.ts';
import type { Put } from './lines.ts';
import type { SessionRecord } from './record.ts';

type ReadItem = (r: SessionRecord) => CborValue;

export interface EncodedItem {
  readonly read: ReadItem;
  readonly needs: number;
  readonly moment: Moment;
}

/** Those that are numbers by themselves. */
const numeric: ReadonlySet<string> = new Set(
  'B ST TR Ta Tc Td Th Ti Tq Tr Ts Tt Tu Tw U ac bc bp bq cp fc fp lc ms pid rc rt sc sp sq'.split(' '),
);
const NUMBER = /^\+?(-?\d+)$/;

/** What an item gives, whatever it is written as. */
export function compileItemValue(
  item: Extract<LogItem, { kind: 'alias' | 'sample' }>,
  world: SampleWorld,
  home: ProxyConf,
): EncodedItem {
  const found = item.kind === 'alias' ? aliasValue(item) : sampleValue(item, world, home);
  return item.cast === undefined ? found : { ...found, read: castTo(item.cast, found.read) };
}

/** Aliases write text; one a thread, since none of them asks for another line. */
const scratch = new LineText(new Uint8Array(65536));

function aliasValue({ name, flags }: Extract<LogItem, { kind: 'alias' }>): EncodedItem {
  const row = aliases[name];
  if (row === undefined) return { read: () => null, needs: 0, moment: WITH_ANSWER };
  const put = row.make({ ...flags, quoted: false, escaped: false, missing: '', raw: true });
  const isNumber = numeric.has(name) && !flags.hex;
  const read = (r: SessionRecord): CborValue => {
    scratch.clear();
    put(scratch, r);
    const text = scratch.toString();
    const number = isNumber ? NUMBER.exec(text)?.[1] : undefined;
    return number === undefined ? textValue(text) : Number(number);
  };
  return { read, needs: row.needs, moment: row.moment };
}

function sampleValue(
  { sample }: Extract<LogItem, { kind: 'sample' }>,
  world: SampleWorld,
  home: ProxyConf,
): EncodedItem {
  const { evaluate, type, needs } = compileSample(sample, world, home);
  return { read: (r) => plainValue(evaluate(r), type === 'bin'), needs, moment: WITH_ANSWER };
}

function plainValue(value: SampleValue | null, isBinary: boolean): CborValue {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'object') return addressText(value);
  return isBinary ? Buffer.from(value, 'latin1') : readUtf8(value);
}

function textValue(text: string): string | null {
  return text === '' ? null : readUtf8(text);
}

/** Latin-1 that stands for UTF-8 becomes text; other bytes stand for the characters of their numbers. */
function readUtf8(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : text;
}

function castTo(type: 'str' | 'sint' | 'bool', read: ReadItem): ReadItem {
  return (r) => {
    const value = read(r);
    if (value === null) return null;
    const text = typeof value === 'object' ? Buffer.from(value).toString('latin1') : value;
    if (type === 'str') return String(typeof text === 'boolean' ? Number(text) : text);
    const number = typeof text === 'string' ? Number.parseInt(text, 10) || 0 : Number(text);
    return type === 'sint' ? number : number !== 0;
  };
}

// ---- writing ---------------------------------------------------------------------------------------------------------

/** One value by itself. */
export function putEncoded(encoding: LogEncoding, isBinary: boolean, read: ReadItem): Put {
  if (encoding === 'json') return (line, r) => line.text(jsonOf(read(r)));
  return (line, r) => putCbor(line, encodeCbor(read(r)), isBinary);
}

/** A line as a whole. */
export function compileEncoded(
  format: LogFormat,
  encoding: LogEncoding,
  world: SampleWorld,
  home: ProxyConf,
): EncodedItem & { readonly put: Put } {
  const members = format.items.flatMap((item) => {
    if (item.kind === 'text' || item.kind === 'space' || item.label === undefined) return [];
    return [{ label: item.label, ...compileItemValue(item, world, home) }];
  });
  const needs = members.reduce((all, member) => all | member.needs, 0);
  const moment = members.reduce<Moment>((latest, member) => Math.max(latest, member.moment) as Moment, WITH_ANSWER);
  const names = members.map(({ label }) => readUtf8(label));
  const isBinary = format.binary ?? false;
  const put: Put =
    encoding === 'json'
      ? (line, r) => {
          const told = members.map(({ read }, i) => `${jsonOf(names[i]!)}: ${jsonOf(read(r))}`);
          line.text(`{${told.join(', ')}}`);
        }
      : (line, r) => putCbor(line, encodeCborMap(members.map(({ read }, i) => [names[i]!, read(r)])), isBinary);
  return { put, read: () => null, needs, moment };
}

function putCbor(line: LineText, bytes: Uint8Array, isBinary: boolean): void {
  if (isBinary) line.raw(bytes);
  else line.text(Buffer.from(bytes).toString('hex').toUpperCase());
}

/** As Latin-1 that stands for UTF-8. */
function jsonOf(value: CborValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return String(Math.trunc(value));
  const text = typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
  // A DEL would not be plain in a line.
  const json = JSON.stringify(text).replace(/\x7f/g, '\\u007f');
  return Buffer.from(json, 'utf8').toString('latin1');
}
