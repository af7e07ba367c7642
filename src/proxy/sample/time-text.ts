/** Dates as text by a pattern of strftime(3), in the "C" locale, and the date of HTTP fields (RFC 9110, 5.6.7). */

export type Clock = 'local' | 'utc';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** The parts of a moment. */
interface Moment {
  readonly atMs: number;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Minutes east of Greenwich. */
  readonly offset: number;
  readonly clock: Clock;
}

function momentOf(atMs: number, clock: Clock): Moment {
  const offset = clock === 'utc' ? 0 : -new Date(atMs).getTimezoneOffset();
  const d = new Date(atMs + offset * 60_000);
  return {
    atMs,
    year: d.getUTCFullYear(),
    month: d.getUTCMonth(),
    day: d.getUTCDate(),
    weekday: d.getUTCDay(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
    offset,
    clock,
  };
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

function spaced(n: number): string {
  return String(n).padStart(2, ' ');
}

function dayOfYear({ year, month, day }: Moment): number {
  return Math.round((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
}

/** Week of the year when weeks begin on a weekday. */
function weekOf(m: Moment, first: number): number {
  return Math.floor((dayOfYear(m) - 1 + 7 - ((m.weekday - first + 7) % 7)) / 7);
}

function zone({ offset }: Moment): string {
  const size = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}${two(size % 60)}`;
}

function zoneName({ atMs, clock }: Moment): string {
  if (clock === 'utc') return 'GMT';
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(atMs);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

const hour12 = ({ hour }: Moment): number => hour % 12 || 12;
const month3 = (m: Moment): string => MONTHS[m.month]!.slice(0, 3);
const day3 = (m: Moment): string => DAYS[m.weekday]!.slice(0, 3);
const clockText = (m: Moment): string => `${two(m.hour)}:${two(m.minute)}:${two(m.second)}`;
const dateText = (m: Moment): string => `${two(m.month + 1)}/${two(m.day)}/${two(m.year % 100)}`;

const letters: Readonly<Record<string, (m: Moment) => string>> = {
  a: day3,
  A: (m) => DAYS[m.weekday]!,
  b: month3,
  B: (m) => MONTHS[m.month]!,
  c: (m) => `${day3(m)} ${month3(m)} ${spaced(m.day)} ${clockText(m)} ${m.year}`,
  C: (m) => two(Math.floor(m.year / 100)),
  d: (m) => two(m.day),
  D: dateText,
  e: (m) => spaced(m.day),
  F: (m) => `${m.year}-${two(m.month + 1)}-${two(m.day)}`,
  h: month3,
  H: (m) => two(m.hour),
  I: (m) => two(hour12(m)),
  j: (m) => String(dayOfYear(m)).padStart(3, '0'),
  k: (m) => spaced(m.hour),
  l: (m) => spaced(hour12(m)),
  m: (m) => two(m.month + 1),
  M: (m) => two(m.minute),
  n: () => '\n',
  p: (m) => (m.hour < 12 ? 'AM' : 'PM'),
  P: (m) => (m.hour < 12 ? 'am' : 'pm'),
  r: (m) => `${two(hour12(m))}:${two(m.minute)}:${two(m.second)} ${m.hour < 12 ? 'AM' : 'PM'}`,
  R: (m) => `${two(m.hour)}:${two(m.minute)}`,
  s: (m) => String(Math.floor(m.atMs / 1000)),
  S: (m) => two(m.second),
  t: () => '\t',
  T: clockText,
  u: (m) => String(m.weekday || 7),
  U: (m) => two(weekOf(m, 0)),
  w: (m) => String(m.weekday),
  W: (m) => two(weekOf(m, 1)),
  x: dateText,
  X: clockText,
  y: (m) => two(m.year % 100),
  Y: (m) => String(m.year),
  z: zone,
  Z: zoneName,
  '%': () => '%',
};

/** Letters that are not known stay as they are. `%N` and other GNU additions of date(1) are no part of strftime. */
export function formatTime(format: string, atMs: number, clock: Clock): string | null {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) return null;
  const moment = momentOf(atMs, clock);
  return format.replace(/%[EO]?(.)/gs, (whole, letter: string) => letters[letter]?.(moment) ?? whole);
}

/** `Fri, 20 Nov 2026 13:33:34 GMT`; a fraction stands behind the seconds, with its dot. */
export function httpDate(atMs: number, fraction = ''): string | null {
  return formatTime(`%a, %d %b %Y %T${fraction} GMT`, atMs, 'utc');
}
