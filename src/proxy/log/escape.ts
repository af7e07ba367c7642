/**
 * How text from outside is written into log lines (manual, chapters 8.2.6 and 8.6).
 *
 * `#XX` stands for what cannot be shown: controls, bytes above 126, the quote and `#` itself, and `{|}` in captured
 * headers, where these part the values. `%{+E}` puts a backslash before `"`, `\` and `]`, for RFC 5424's structured
 * data; `%XX` is used in what becomes a header (`unique-id-format`).
 */
import { marksOf } from '../../wire/line-text.ts';

/** In request lines. */
const UNSAFE = /["#\x00-\x1f\x7f-\xff]/;
const UNSAFES = /["#\x00-\x1f\x7f-\xff]/g;
/** In captured headers. */
const CAPTURE_UNSAFE = /["#{|}\x00-\x1f\x7f-\xff]/;
const CAPTURE_UNSAFES = /["#{|}\x00-\x1f\x7f-\xff]/g;
/** In values of header fields. */
const FIELD_UNSAFE = /[\x00-\x08\x0a-\x1f\x7f]/;
const FIELD_UNSAFES = /[\x00-\x08\x0a-\x1f\x7f]/g;
const STRUCTURED = /["\\\]]/;
const STRUCTUREDS = /["\\\]]/g;

/** The same for what is written at once. */
export const REQUEST_MARKS = marksOf(UNSAFE);
export const CAPTURE_MARKS = marksOf(CAPTURE_UNSAFE);

function hashed(c: string): string {
  return `#${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function percented(c: string): string {
  return `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

export function escapeRequest(text: string): string {
  return UNSAFE.test(text) ? text.replace(UNSAFES, hashed) : text;
}

export function escapeCapture(text: string): string {
  return CAPTURE_UNSAFE.test(text) ? text.replace(CAPTURE_UNSAFES, hashed) : text;
}

export function escapeField(text: string): string {
  return FIELD_UNSAFE.test(text) ? text.replace(FIELD_UNSAFES, percented) : text;
}

export function escapeStructured(text: string): string {
  return STRUCTURED.test(text) ? text.replace(STRUCTUREDS, '\\$&') : text;
}
