/** Byte classes of HTTP/1 (RFC 9110 section 5.6.2) and comparing bytes without regard to ASCII case. */

/** 1 for the bytes of a token. */
export const TOKEN = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TOKEN[c.charCodeAt(0)] = 1;
}

/** ASCII upper case to lower case, everything else to itself. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, c) => (c >= 65 && c <= 90 ? c + 32 : c));

/** Of the bytes of a token their lower case, 0 for all others. */
export const LOWER_TOKEN = Uint8Array.from({ length: 256 }, (_, c) => (TOKEN[c] === 0 ? 0 : LOWER[c]!));

export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Whether `bytes[start, end)` is `lower`, whatever its case. */
export function equalsIgnoringCase(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  const length = lower.length;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) {
    if (LOWER[bytes[start + i]!] !== lower[i]) return false;
  }
  return true;
}
