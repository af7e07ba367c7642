/**
 * Parts of a captured request line, `METHOD TARGET VERSION`, for %HM to %HV (manual, chapter 8.2.6). What has no
 * second word is no request: `<BADREQ>` stands for all of its parts.
 */
import { BAD_REQUEST } from './record.ts';

function wordAt(line: string, index: number): string {
  const words = line.split(/[ \t]+/, 3);
  return words.length < 2 ? BAD_REQUEST : (words[index] ?? '');
}

export function requestMethod(line: string): string {
  return wordAt(line, 0);
}

export function requestTarget(line: string): string {
  return wordAt(line, 1);
}

/** Of a line that was cut off before its end that of a request which has none. */
export function requestVersion(line: string): string {
  return wordAt(line, 2) || 'HTTP/0.9';
}

/** The target up to its query. */
export function requestPath(line: string): string {
  const target = requestTarget(line);
  const mark = target.indexOf('?');
  return mark < 0 ? target : target.slice(0, mark);
}

/** The same without scheme and authority. */
export function requestPathOnly(line: string): string {
  const path = requestPath(line);
  if (path.startsWith('/') || path === BAD_REQUEST) return path;
  if (path === '*') return '';
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(path)?.[0].length;
  const slash = authority === undefined ? -1 : path.indexOf('/', authority);
  return slash < 0 ? '' : path.slice(slash);
}

/** With its question mark. */
export function requestQuery(line: string): string {
  if (line === '' || line === BAD_REQUEST) return BAD_REQUEST;
  const mark = line.indexOf('?');
  return mark < 0 ? '' : /^[^ \t]*/.exec(line.slice(mark))![0];
}
