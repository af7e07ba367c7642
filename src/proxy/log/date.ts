/** Dates of log lines: built once a second, since lines come by the thousand. */
import type { LineText } from '../../wire/line-text.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DOT = 46;

let cachedSecond = -1;
let cachedDate = '';
let cachedZone = '';
let cachedGmtSecond = -1;
let cachedGmt = '';

function remember(atMs: number): void {
  const second = Math.floor(atMs / 1000);
  if (second === cachedSecond) return;
  const date = new Date(second * 1000);
  cachedSecond = second;
  cachedDate = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const offset = -date.getTimezoneOffset();
  const size = Math.abs(offset);
  cachedZone = ` ${offset < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}${two(size % 60)}`;
}

/** `20/Nov/2026:13:33:34.189`, local time: %t and %tr */
export function putDate(line: LineText, atMs: number): void {
  remember(atMs);
  line.text(cachedDate);
  line.byte(DOT);
  putMilliseconds(line, atMs);
}

/** `20/Nov/2026:14:33:34 +0100`, local time: %Tl and %trl */
export function putZonedDate(line: LineText, atMs: number): void {
  remember(atMs);
  line.text(cachedDate);
  line.text(cachedZone);
}

/** `20/Nov/2026:13:33:34 +0000`: %T and %trg */
export function putGmtDate(line: LineText, atMs: number): void {
  const second = Math.floor(atMs / 1000);
  if (second !== cachedGmtSecond) {
    const date = new Date(second * 1000);
    cachedGmtSecond = second;
    cachedGmt = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
  }
  line.text(cachedGmt);
}

export function putMilliseconds(line: LineText, atMs: number): void {
  line.digits(Math.floor(atMs) % 1000, 3);
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
