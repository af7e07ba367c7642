/**
 * Dates in persistence cookies, for `maxidle` and `maxlife`: units of four seconds since the epoch in 30 bits, as five
 * characters of base64, the highest bits first. Clients keep cookies that HAProxy made, so the form is HAProxy's.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const digits = new Int8Array(256).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) digits[ALPHABET.charCodeAt(i)] = i;

export const COOKIE_DATE_LENGTH = 5;

/** A second in the form of the cookie; rounded up to the next unit. */
export function encodeCookieDate(second: number): string {
  return encodeUnits(Math.floor((second + 3) / 4));
}

/** A date that came from a cookie, unchanged. */
export function encodeKnownDate(second: number): string {
  return encodeUnits(Math.floor(second / 4));
}

function encodeUnits(units: number): string {
  let text = '';
  for (let shift = 24; shift >= 0; shift -= 6) text += ALPHABET[(units >> shift) & 63]!;
  return text;
}

/** The second, or 0 when these five bytes are no date. */
export function decodeCookieDate(bytes: Uint8Array, at: number): number {
  let units = 0;
  for (let i = 0; i < COOKIE_DATE_LENGTH; i++) {
    const digit = digits[bytes[at + i]!]!;
    if (digit < 0) return 0;
    units = (units << 6) | digit;
  }
  return units * 4;
}
