/**
 * Text escaped for JSON strings as the converter `json` does (manual, 7.3.1): what is not ASCII becomes `\uXXXX`.
 *
 * The input is bytes. `ascii` takes each for a character; the others read UTF-8: `utf8` gives nothing for bad input,
 * `utf8s` leaves bad bytes out, `utf8p` takes them for characters, `utf8ps` does both as fits.
 */

const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
};

export function escapeJson(text: string, encoding: string): string | null {
  const points =
    encoding === 'ascii' || encoding === '' ? [...text].map((c) => c.charCodeAt(0)) : readUtf8(text, encoding);
  return points === null ? null : points.map(escapePoint).join('');
}

function escapePoint(point: number): string {
  const char = point < 128 ? String.fromCharCode(point) : '';
  if (char !== '' && short[char] !== undefined) return short[char];
  if (point >= 32 && point < 127) return char;
  return `\\u${(point & 0xffff).toString(16).padStart(4, '0')}`;
}

function readUtf8(text: string, encoding: string): number[] | null {
  const points: number[] = [];
  for (let at = 0; at < text.length; ) {
    const [point, length] = readPoint(text, at);
    if (point >= 0) points.push(point);
    else if (encoding === 'utf8p') points.push(text.charCodeAt(at));
    else if (encoding === 'utf8') return null;
    at += length;
  }
  return points;
}

/** A code point and how long it is; -1 for a byte that begins none. */
function readPoint(text: string, at: number): readonly [point: number, length: number] {
  const first = text.charCodeAt(at);
  if (first < 0x80) return [first, 1];
  const length = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first >= 0xf8) return [-1, 1];
  let point = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = text.charCodeAt(at + i);
    if (!(next >= 0x80 && next < 0xc0)) return [-1, 1];
    point = (point << 6) | (next & 0x3f);
  }
  return [point, length];
}
