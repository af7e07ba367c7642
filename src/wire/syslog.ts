/**
 * Log lines on the wire: RFC 3164, RFC 5424 and HAProxy's other formats of `log ... format` (manual, chapter 3.1).
 *
 * Pure: text and facts in, one line with its line feed out. As in HAProxy, `len` bounds header and text together,
 * the line feed comes on top, and the text alone stays below 1024 bytes unless `len` is greater.
 *
 * ```
 *   rfc3164   <134>Nov 20 13:33:34 host tag[pid]: text       host only with log-send-hostname
 *   local     <134>Nov 20 13:33:34 tag[pid]: text
 *   rfc5424   <134>1 2026-11-20T13:33:34.190687+00:00 host tag pid - - text        structured data for the second dash
 *   priority  <134>text      short  <6>text      raw  text
 *   timed     <6>2026-11-20T13:33:34.190706+00:00 text
 *   iso       2026-11-20T13:33:34.190710+00:00 text
 * ```
 */

export type SyslogFormat = 'rfc3164' | 'rfc5424' | 'raw' | 'short' | 'priority' | 'timed' | 'iso' | 'local';

export interface SyslogOrigin {
  /** Null: not sent (RFC 5424 writes a dash). */
  readonly hostname: string | null;
  readonly tag: string;
  readonly pid: number;
}

/** Severity numbers. */
export const LOG_EMERG = 0;
export const LOG_ALERT = 1;
export const LOG_CRIT = 2;
export const LOG_ERR = 3;
export const LOG_WARNING = 4;
export const LOG_NOTICE = 5;
export const LOG_INFO = 6;
export const LOG_DEBUG = 7;

const TEXT_LIMIT = 1024;

/** One line for a receiver, `\n` included. `atMs`: milliseconds since the epoch, with a fraction where known. */
export function formatSyslog(
  format: SyslogFormat,
  facility: number,
  level: number,
  origin: SyslogOrigin,
  atMs: number,
  text: string,
  len: number,
  structuredData = '',
): string {
  const shortText = cleanText(text, Math.max(len, TEXT_LIMIT) - 1);
  const line = syslogHeader(format, facility * 8 + level, level, origin, atMs, structuredData) + shortText;
  return line.length > len ? `${line.slice(0, len)}\n` : `${line}\n`;
}

/** Whether text of such a length is not cut, as far as it is the text's own limit that counts. */
export function isPlainLength(length: number, len: number): boolean {
  return length < Math.max(len, TEXT_LIMIT);
}

/** One line stays one line: what could end it, and other controls, is written as `#XX`. */
function cleanText(text: string, limit: number): string {
  const cut = text.length > limit ? text.slice(0, limit) : text;
  return CONTROL.test(cut) ? cut.replace(CONTROLS, escapeControl).slice(0, limit) : cut;
}

const CONTROL = /[\x00-\x1f\x7f]/;
const CONTROLS = /[\x00-\x1f\x7f]/g;

function escapeControl(c: string): string {
  return `#${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** What stands before the text. */
export function syslogHeader(
  format: SyslogFormat,
  pri: number,
  level: number,
  origin: SyslogOrigin,
  atMs: number,
  structuredData: string,
): string {
  const { tag, pid, hostname } = origin;
  switch (format) {
    case 'rfc3164':
      return `<${pri}>${rfc3164Date(atMs)} ${hostname === null ? '' : `${hostname} `}${tag}[${pid}]: `;
    case 'local':
      return `<${pri}>${rfc3164Date(atMs)} ${tag}[${pid}]: `;
    case 'rfc5424':
      return `<${pri}>1 ${isoDate(atMs)} ${hostname ?? '-'} ${tag} ${pid} - ${structuredData || '-'} `;
    case 'priority':
      return `<${pri}>`;
    case 'short':
      return `<${level}>`;
    case 'timed':
      return `<${level}>${isoDate(atMs)} `;
    case 'iso':
      return `${isoDate(atMs)} `;
    case 'raw':
      return '';
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The parts that stay the same for a second. */
let cachedSecond = Number.NaN;
let cached3164 = '';
let cachedIso = '';
let cachedZone = '';

function remember(atMs: number): void {
  const second = Math.floor(atMs / 1000);
  if (second === cachedSecond) return;
  const d = new Date(second * 1000);
  cachedSecond = second;
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  cached3164 = `${MONTHS[d.getMonth()]} ${String(d.getDate()).padStart(2, ' ')} ${clock}`;
  cachedIso = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${clock}`;
  const offset = -d.getTimezoneOffset();
  const size = Math.abs(offset);
  cachedZone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}

/** `Nov 20 13:33:34`, local time, the day padded with a space. */
function rfc3164Date(atMs: number): string {
  remember(atMs);
  return cached3164;
}

/** `2026-11-20T13:33:34.190687+00:00`, local time with its offset. */
function isoDate(atMs: number): string {
  remember(atMs);
  const micros = Math.min(999_999, Math.floor((atMs - Math.floor(atMs / 1000) * 1000) * 1000));
  return `${cachedIso}.${String(micros).padStart(6, '0')}${cachedZone}`;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
