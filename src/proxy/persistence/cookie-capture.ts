/** `capture cookie`: the first cookie whose name begins so is noted, with its name, up to a length. */
import type { CaptureConf } from '../../config/persistence.ts';
import { type CookiePair, startsWith } from '../../wire/cookie.ts';
import { latin1 } from '../../wire/latin1.ts';

export interface CookieCapture {
  readonly name: Uint8Array;
  readonly length: number;
}

export function prepareCookieCapture(conf: CaptureConf | null): CookieCapture | null {
  return conf === null ? null : { name: Buffer.from(conf.name), length: conf.length };
}

/** `NAME=value` as Latin-1; null when it is another cookie. */
export function captureCookie(capture: CookieCapture, bytes: Uint8Array, pair: CookiePair): string | null {
  const length = pair.valueEnd - pair.nameStart;
  if (length < capture.name.length || !startsWith(bytes, pair.nameStart, capture.name)) return null;
  return latin1(bytes, pair.nameStart, pair.nameStart + Math.min(length, capture.length));
}
