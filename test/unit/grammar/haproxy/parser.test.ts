import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf, print, type Tree } from '../../../../grammar/haproxy/ast.ts';
import { parse } from '../../../../grammar/haproxy/parser.ts';
import { sourceOf } from '../../../../grammar/source.ts';
import { measureMs } from '../../../elapsed.ts';

const parseText = (text: string): Tree => parse({ file: 'x', text });
const wordsOf = (text: string) => [...linesOf(parseText(text))].map((line) => line.words.map((word) => word.raw));

/** Every byte belongs to exactly one line, and words lie inside their line in order. */
function expectWhole(tree: Tree): void {
  let at = 0;
  for (const line of linesOf(tree)) {
    expect(line.start).toBe(at);
    let inside = line.start;
    for (const word of line.words) {
      expect(word.start).toBeGreaterThanOrEqual(inside);
      expect(word.raw).toBe(tree.source.text.slice(word.start, word.end));
      inside = word.end;
    }
    expect(line.end).toBeGreaterThanOrEqual(inside);
    at = line.end;
  }
  expect(at).toBe(tree.source.text.length);
}

describe('parse', () => {
  it.each([
    ['a b\tc', [['a', 'b', 'c']]],
    ['a\r\nb\r\n', [['a'], ['b']]],
    ['a#b\n#c\n', [['a'], []]],
    ['"a b"c \'d e\' f\\ g\\#h', [['"a b"c', "'d e'", 'f\\ g\\#h']]],
    ['"a \\" b" c', [['"a \\" b"', 'c']]],
    ["'a \\' b", [["'a \\'", 'b']]],
    ['"a b\nc', [['"a b'], ['c']]],
    ['a\\', [['a\\']]],
    ['a\\\nb', [['a\\'], ['b']]],
    ['\xef\xbb\xbfglobal', [['\xef\xbb\xbfglobal']]],
    ['a\0b', [['a\0b']]],
    ['a\xa0b', [['a\xa0b']]],
    ['  \n\t', [[], []]],
  ])('splits %j into words', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('opens a section only at the start of a line', () => {
    const tree = parseText('x\nglobal # g\n  maxconn 1\nfrontend a\n use listen\n listening\nbackend');
    expect(tree.sections.map((section) => section.header?.words.map((word) => word.raw))).toEqual([
      undefined,
      ['global'],
      ['frontend', 'a'],
      ['backend'],
    ]);
    expect(tree.sections[2]?.lines).toHaveLength(2);
  });

  it('prints a changed word in its place', () => {
    const tree = parseText('listen a\n\tbind  :80 # here\n');
    tree.sections[0]!.lines[0]!.words[1]!.raw = '"127.0.0.1:81"';
    expect(print(tree)).toBe('listen a\n\tbind  "127.0.0.1:81" # here\n');
  });

  it('reads 20,000 servers in well under a second', () => {
    const servers = Array.from({ length: 20_000 }, (_, i) => `  server s${i} 10.0.0.1:${i} check inter 2s # ${i}\n`);
    const text = `backend b\n${servers.join('')}`;
    parseText(text);
    const ms = measureMs(() => expect(parseText(text).sections[0]?.lines).toHaveLength(20_000));
    expect(ms).toBeLessThan(1000);
  });

  it('reads a word of a megabyte', () => {
    for (const filler of ['x', '\\ ', '"a"', "'", '\\', '"']) {
      const text = `global\n  description ${filler.repeat(1_000_000 / filler.length)}\n`;
      expect(print(parseText(text))).toBe(text);
    }
  });
});

describe('print', () => {
  const latin1 = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  const piece = fc.constantFrom(
    'global',
    'listen',
    'a',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '"',
    "'",
    '\\',
    '#',
    '$X',
    '${',
    '}',
    '\0',
  );
  const configLike = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

  it.each([
    ['any bytes', latin1],
    ['anything like a configuration', configLike],
  ])('gives back %s', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const tree = parseText(text);
        expectWhole(tree);
        expect(print(tree)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  const corpus = resolve('../shared/corpus/haproxy');
  if (!existsSync(corpus)) console.log(`skipped: real haproxy.cfg files, ${corpus} is not there`);
  it.skipIf(!existsSync(corpus))('gives back every real file byte for byte', () => {
    const names = readdirSync(corpus).filter((name) => name.endsWith('.cfg'));
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) {
      const bytes = readFileSync(`${corpus}/${name}`);
      const tree = parse(sourceOf(name, bytes));
      expectWhole(tree);
      expect(Buffer.from(print(tree), 'latin1').equals(bytes), name).toBe(true);
    }
  });
});
