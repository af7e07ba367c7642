/** Dates of log lines: built once a second, since lines come by the thousand. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

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
  cachedZone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}${two(size % 60)}`;
}

/** `20/Nov/2026:13:33:34.189`, local time: %t and %tr */
export function dateWithMilliseconds(atMs: number): string {
  remember(atMs);
  return `${cachedDate}.${milliseconds(atMs)}`;
}

/** `20/Nov/2026:14:33:34 +0100`, local time: %Tl and %trl */
export function dateWithZone(atMs: number): string {
  remember(atMs);
  return `${cachedDate} ${cachedZone}`;
}

/** `20/Nov/2026:13:33:34 +0000`: %T and %trg */
export function gmtDate(atMs: number): string {
  const second = Math.floor(atMs / 1000);
  if (second === cachedGmtSecond) return cachedGmt;
  const date = new Date(second * 1000);
  cachedGmtSecond = second;
  cachedGmt = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
  return cachedGmt;
}

export function milliseconds(atMs: number): string {
  return String(Math.floor(atMs) % 1000).padStart(3, '0');
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
