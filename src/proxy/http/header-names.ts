/**
 * `option http-restrict-req-hdr-names`: names that hold anything but letters, digits and "-" look alike to gateways that
 * turn "-" into "_" (manual, chapter 4.2).
 */
import { FIELD_STRIDE, type Head, removeField } from '../../wire/http1-head.ts';

const PLAIN = new Uint8Array(256);
for (const c of '-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') PLAIN[c.charCodeAt(0)] = 1;

function isOdd(bytes: Uint8Array, head: Head, index: number): boolean {
  const slot = FIELD_STRIDE * index;
  for (let at = head.fields[slot]!; at < head.fields[slot + 1]!; at++) if (PLAIN[bytes[at]!] === 0) return true;
  return false;
}

export function hasOddNames(bytes: Uint8Array, head: Head): boolean {
  for (let i = 0; i < head.count; i++) if (isOdd(bytes, head, i)) return true;
  return false;
}

export function dropOddNames(bytes: Uint8Array, head: Head): void {
  for (let i = head.count - 1; i >= 0; i--) if (isOdd(bytes, head, i)) removeField(head, i);
}
