// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is keepalived's syntax here
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, print } from '../../../../grammar/keepalived/parser.ts';
import { sourceOf } from '../../../../grammar/source.ts';

const corpus = resolve('../shared/corpus');
const folders = ['keepalived', 'pairs'].map((name) => join(corpus, name)).filter((path) => existsSync(path));
if (folders.length === 0) console.log(`skipped: no configuration corpus in ${corpus}`);

/** Bits of the language, so that random text meets the lexer's corners. */
const bits = fc.constantFrom(
  'vrrp_instance',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '{',
  '}',
  '"',
  "'",
  '#',
  '!',
  '\\',
  '\\#',
  '\\\n',
  '$A',
  '$A=',
  '${A}',
  '${_ENV X}',
  '~SEQ(',
  '~SEQ(i,1,3) $i',
  '~LST({a},{1})',
  ')',
  '@x',
  '@^x ',
  'include ',
  'include /x/{a,b}.conf',
  '\0',
  '\xef\xbb\xbf',
  '\xa0',
  'é',
);
const anyText = fc.oneof(
  fc.array(bits, { maxLength: 60 }).map((list) => list.join('')),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

function roundTrip(bytes: Uint8Array): Buffer {
  return Buffer.from(print(parse(sourceOf('x.conf', bytes))), 'latin1');
}

describe('printing the tree of a file', () => {
  it.each([
    '',
    '\n',
    '\r\n\r\n',
    'a',
    '\xef\xbb\xbfglobal_defs {\r\n}',
    '$A = 1',
    'x \\',
    '@',
    'include',
    'include ',
    '"',
    '\\',
  ])('gives back %j', (text) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(roundTrip(bytes)).toEqual(bytes);
  });

  it('gives back any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bytes = Buffer.from(text, 'latin1');
        expect(roundTrip(bytes).equals(bytes)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.skipIf(folders.length === 0)('gives back every real file', () => {
    const lossy: string[] = [];
    let count = 0;
    for (const folder of folders) {
      for (const name of readdirSync(folder).filter((file) => file.endsWith('.conf'))) {
        const bytes = readFileSync(join(folder, name));
        if (!roundTrip(bytes).equals(bytes)) lossy.push(name);
        count++;
      }
    }
    expect(lossy).toEqual([]);
    expect(count).toBeGreaterThan(100);
  });
});
