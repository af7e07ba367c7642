/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), as the PROXY protocol's checksum field uses it. */

/** The polynomial 0x1EDC6F41, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/** Of `bytes[start..end)`; the bytes from `zeroAt` to `zeroAt + 4` count as zero, which is where the sum itself stands. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, zeroAt = -4): number {
  let rest = 0xffffffff;
  for (let at = start; at < end; at++) {
    const byte = at >= zeroAt && at < zeroAt + 4 ? 0 : bytes[at]!;
    rest = table[(rest ^ byte) & 255]! ^ (rest >>> 8);
  }
  return (rest ^ 0xffffffff) >>> 0;
}
