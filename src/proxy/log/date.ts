/** Dates of log lines, in local time: built once a second, since lines come by the thousand. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

let cachedSecond = -1;
let cachedDate = '';
let cachedZone = '';

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

/** `20/Nov/2026:13:33:34.189` */
export function dateWithMilliseconds(atMs: number): string {
  remember(atMs);
  return `${cachedDate}.${milliseconds(atMs)}`;
}

/** `20/Nov/2026:13:33:34 +0000` */
export function dateWithZone(atMs: number): string {
  remember(atMs);
  return `${cachedDate} ${cachedZone}`;
}

export function milliseconds(atMs: number): string {
  return String(Math.floor(atMs) % 1000).padStart(3, '0');
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
