/** Words survive encoding, and conditions stay what they were. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { lexer } from '../../../../grammar/haproxy/lexer.ts';
import { decodeWord } from '../../../../grammar/haproxy/words.ts';
import { joinCondition } from '../../../../src/config/migrate/condition-join.ts';
import { encodeWord } from '../../../../src/config/migrate/haproxy-word.ts';

it('encodes any text as one word that means it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab \\\\#\'"nrtx0$.*()[]\n\t\x01'), maxLength: 12 }), (text) => {
      const word = encodeWord(text);
      expect(decodeWord(word, { get: () => undefined })).toEqual([text]);
      expect(lexer.tokenize(word).tokens.map((token) => token.image)).toEqual([word]);
    }),
  );
});

it('joins a term with every alternative', () => {
  expect(joinCondition('{ x }', [])).toBe('if { x }');
  expect(joinCondition('{ x }', ['if', 'a', 'b', '||', '!c'])).toBe('if { x } a b or { x } !c');
  expect(joinCondition('{ x }', ['if', '{', 'str(or)', 'or', '}', 'or', 'b'])).toBe(
    'if { x } { str(or) or } or { x } b',
  );
  expect(joinCondition('{ x }', ['unless', 'a'])).toBe('if { x } !a');
  expect(joinCondition('{ x }', ['unless', '!a'])).toBe('if { x } a');
  expect(joinCondition('{ x }', ['unless', 'a', 'b'])).toBeNull();
});
