import { describe, expect, it } from 'vitest';
import { globalTable, proxyTable } from '../../../../grammar/haproxy/keywords/table.ts';
import { sectionMeant, wordsMeant } from '../../../../grammar/haproxy/meant.ts';
import { notesOn } from '../../../../grammar/haproxy/odd-words.ts';
import { foreignCharacter } from '../../../../grammar/spelling.ts';

function meant(line: string) {
  const source = { file: 'f', text: line };
  const words = [...line.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    at: { source, start: match.index, end: match.index + match[0].length },
  }));
  return sectionMeant(words);
}

describe('sectionMeant', () => {
  it.each([
    ['fronted web', 'frontend'],
    ['Backend app', 'backend'],
    ['back-end app', 'backend'],
    ['default', 'defaults'],
    ['gobal', 'global'],
    ['listen: web', 'listen'],
    ['pers p', 'peers'],
  ])('%s', (line, section) => {
    expect(meant(line)).toBe(section);
  });

  it.each([
    // No first word of the line, words that are right in some section, and words that are near nothing.
    '  fronted web',
    'default option httplog',
    'server a 10.0.0.1:80',
    'mailer m 10.0.0.1:25',
    'peer a 10.0.0.1:1024',
    'bind :80',
    'line x',
    'web',
    'fronted a b c d',
  ])('not %s', (line) => {
    expect(meant(line)).toBeNull();
  });
});

describe('wordsMeant', () => {
  it.each([
    ['timeout-connect', 'timeout connect'],
    ['timeout_client', 'timeout client'],
    ['maxconn=100', 'maxconn 100'],
    ['default_backend=app', 'default_backend app'],
    ['redirect-scheme', 'redirect scheme'],
    ['no-option', 'no option'],
    ['forwardfor', 'option forwardfor'],
    ['http-request', 'timeout http-request'],
    ['mode\xc2\xa0http', 'mode http'],
    ['bogus-connect', undefined],
    ['use-this', undefined],
  ])('%s', (word, expected) => {
    expect(wordsMeant(word, proxyTable)).toBe(expected);
  });

  it('knows the global section', () => {
    expect(wordsMeant('nbthread=4', globalTable)).toBe('nbthread 4');
    expect(wordsMeant('socket', globalTable)).toBe('stats socket');
  });
});

it('says what templates, merges and word processors leave behind', () => {
  for (const word of ['<<<<<<<', '=======', '{%', '{{name}}', '//', '/*', ';', '{', '!{ssl_fc', 'a\xc2\xa0b']) {
    expect(notesOn(word), word).toHaveLength(1);
  }
  for (const word of ['', 'server', '/path', '-', '==', 'caf\xc3\xa9']) expect(notesOn(word), word).toEqual([]);
});

it('finds the first character that was not typed', () => {
  expect(foreignCharacter('a\xe2\x80\x93b\xe2\x80\x9c')).toEqual({ name: 'a typographic dash', at: 1, length: 3 });
  expect(foreignCharacter('caf\xc3\xa9 "x" -')).toBeNull();
});
