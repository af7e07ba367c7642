import { describe, expect, it } from 'vitest';
import { decodeWord } from '../../../../grammar/haproxy/words.ts';

const env = new Map([
  ['A', 'one'],
  ['EMPTY', ''],
  ['LIST', 'a b  c'],
]);

describe('decodeWord', () => {
  it.each([
    ['plain', ['plain']],
    ['a\\ b', ['a b']],
    ['a\\nb\\tc\\\\d', ['a\nb\tc\\d']],
    ['a\\qb', ['a\\qb']],
    ['a\\x41b', ['aAb']],
    ['"a b"c', ['a bc']],
    ['"a\\"b\\$A"', ['a"b$A']],
    ["'a\\nb$A'", ['a\\nb$A']],
    ['$A', ['$A']],
    ['a\\$A', ['a\\$A']],
    ['"x$A.y"', ['x']],
    ['"x${A}y"', ['xoney']],
    ['"${NONE}"', ['']],
    ['"${NONE-a b}"', ['a b']],
    ['"${EMPTY-x}"', ['']],
    ['"x${LIST[*]}y"', ['xa', 'b', 'cy']],
    ['"${EMPTY[*]}"', ['']],
    ['""', ['']],
    ['a\\', ['a\\']],
  ])('decodes %s', (raw, values) => {
    expect(decodeWord(raw, env)).toEqual(values);
  });

  it.each([
    ['"a', 'unmatched-quote', 0],
    ["ab'c", 'unmatched-quote', 2],
    ['ab\\x4z', 'bad-escape', 2],
    ['"a\\x4"', 'bad-escape', 2],
    ['"a${b"', 'unmatched-brace', 3],
    ['"a$1"', 'bad-variable-name', 2],
    ['"a${1}"', 'bad-variable-name', 3],
  ])('refuses %s', (raw, problem, at) => {
    expect(decodeWord(raw, env)).toEqual({ problem, at });
  });
});
