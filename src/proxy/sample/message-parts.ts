/**
 * Parts of a message head for fetches: values of fields, cookies, the parts of a target, parameters of a query.
 *
 * Values are Latin-1 text, made only when an expression asks. A field's value is split at its commas where the manual
 * says "req.hdr" and left whole where it says "req.fhdr"; occurrences count from 1, from the end when negative.
 */
import { FIELD_STRIDE, findField, type Head } from '../../wire/http1-head.ts';

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

function fieldName(bytes: Uint8Array, head: Head, index: number): string {
  const at = FIELD_STRIDE * index;
  return textOf(bytes, head.fields[at]!, head.fields[at + 1]!);
}

export function fieldValue(bytes: Uint8Array, head: Head, index: number): string {
  const replaced = head.newValues?.[index];
  if (replaced !== undefined) return Buffer.from(replaced).toString('latin1');
  const at = FIELD_STRIDE * index;
  return textOf(bytes, head.fields[at + 2]!, head.fields[at + 3]!);
}

export function fieldNames(bytes: Uint8Array, head: Head): string[] {
  return Array.from({ length: head.count }, (_, i) => fieldName(bytes, head, i).toLowerCase());
}

/** Values of all fields of a name (all fields when it is null), whole or split at commas. */
export function valuesOf(bytes: Uint8Array, head: Head, lowerName: Uint8Array | null, whole: boolean): string[] {
  const values: string[] = [];
  for (let i = 0; i < head.count; i++) {
    if (lowerName !== null) i = findField(bytes, head, lowerName, i);
    if (i < 0) break;
    const value = fieldValue(bytes, head, i);
    if (whole) values.push(value);
    else values.push(...splitList(value));
  }
  return values;
}

/** At commas outside quotes, blanks around the parts left out. */
function splitList(value: string): string[] {
  if (!value.includes(',')) return [value];
  return (value.match(/(?:"(?:\\.|[^"\\])*"?|[^,"])+|(?<=,)(?=,|$)|^(?=,)/g) ?? []).map((part) => part.trim());
}

/** The `occurrence`th value; the last one for 0. */
export function pick(values: readonly string[], occurrence: number): string | null {
  const index = occurrence > 0 ? occurrence - 1 : occurrence < 0 ? values.length + occurrence : values.length - 1;
  return values[index] ?? null;
}

export interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** The pairs of a `Cookie` field's value. */
export function cookiesIn(value: string): Cookie[] {
  return value.split(';').flatMap(readPair);
}

/** The pair that a `Set-Cookie` field begins with. */
export function cookieSet(value: string): Cookie[] {
  return readPair(value.split(';', 1)[0]!);
}

function readPair(text: string): Cookie[] {
  const equals = text.indexOf('=');
  if (equals < 0) return [];
  const value = text.slice(equals + 1).trim();
  return [{ name: text.slice(0, equals).trim(), value: value.replace(/^"(.*)"$/, '$1') }];
}

/** Where the path of a target begins: -1 when it has none ("*", an authority). */
function pathStart(target: string): number {
  if (target.startsWith('/')) return 0;
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(target)?.[0].length;
  return authority === undefined ? -1 : target.indexOf('/', authority);
}

export function pathOf(target: string, withQuery: boolean): string | null {
  const start = pathStart(target);
  if (start < 0) return null;
  const query = withQuery ? -1 : target.indexOf('?', start);
  return target.slice(start, query < 0 ? undefined : query);
}

export function queryOf(target: string, mark = '?'): string | null {
  const at = target.indexOf(mark);
  return at < 0 ? null : target.slice(at + 1);
}

/** A parameter of a query; the first one's value when no name is given. */
export function parameterOf(target: string, name: string, mark: string, anyCase: boolean): string | null {
  const query = queryOf(target, mark);
  if (query === null) return null;
  const wanted = anyCase ? name.toLowerCase() : name;
  for (const pair of query.split(mark === '?' ? /[&;]/ : new RegExp(`[&;${mark.replace(/\W/g, '\\$&')}]`))) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const key = pair.slice(0, equals);
    if (name === '' || (anyCase ? key.toLowerCase() : key) === wanted) return pair.slice(equals + 1);
  }
  return null;
}
