/** Cookies in place: what is read, and that changes never lose or make up a byte outside what they are about. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CookiePair,
  closeGaps,
  cutCookies,
  cutValue,
  isCookieName,
  readCookie,
  readSetCookie,
} from '../../../src/wire/cookie.ts';

const pair = new CookiePair();

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** All pairs of a line as [name, value]; null: no equal sign. */
function readAll(text: string): (readonly [string, string | null])[] {
  const bytes = bytesOf(text);
  const found: (readonly [string, string | null])[] = [];
  for (let at = 0, isFirst = true; at < bytes.length; at = pair.end, isFirst = false) {
    readCookie(bytes, at, bytes.length, isFirst, pair);
    const name = bytes.toString('latin1', pair.nameStart, pair.nameEnd);
    found.push([name, pair.hasValue ? bytes.toString('latin1', pair.valueStart, pair.valueEnd) : null]);
  }
  return found;
}

describe('readCookie', () => {
  it.each([
    ['a=1', [['a', '1']]],
    [
      'a=1; b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a = 1 ;b= 2 ',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a=1,b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a="x;y,z"; b',
      [
        ['a', '"x;y,z"'],
        ['b', null],
      ],
    ],
    [
      'a="x\\";y"; b=2',
      [
        ['a', '"x\\";y"'],
        ['b', '2'],
      ],
    ],
    ['a="open; b=2', [['a', '"open; b=2']]],
    ['a=', [['a', '']]],
    ['=1', [['', '1']]],
    ['a=b=c', [['a', 'b=c']]],
    [
      ';',
      [
        ['', null],
        ['', null],
      ],
    ],
    [
      ';;a=1',
      [
        ['', null],
        ['', null],
        ['a', '1'],
      ],
    ],
    ['a b=1', [['a b', '1']]],
  ] as const)('reads %j', (text, expected) => {
    expect(readAll(text)).toEqual(expected);
  });

  it('knows attributes of the cookie before', () => {
    const bytes = bytesOf('$Path=/');
    readCookie(bytes, 0, bytes.length, true, pair);
    expect(pair.isAttribute).toBe(true);
  });

  it('ends on anything, within the line', () => {
    const line = fc.string({ unit: fc.constantFrom(...'=;, \t"\\$~|aS\x00\xff'), maxLength: 30 });
    fc.assert(
      fc.property(line, (text) => {
        const bytes = bytesOf(`${text}=;"x`);
        let steps = 0;
        for (let at = 0, isFirst = true; at < text.length; at = pair.end, isFirst = false) {
          readCookie(bytes, at, text.length, isFirst, pair);
          expect(pair.end).toBeLessThanOrEqual(text.length);
          expect(pair.nameStart).toBeLessThanOrEqual(pair.nameEnd);
          expect(pair.nameEnd).toBeLessThanOrEqual(pair.equal);
          expect(pair.valueStart).toBeLessThanOrEqual(pair.valueEnd);
          expect(pair.valueEnd).toBeLessThanOrEqual(pair.end);
          expect(pair.end > at || (isFirst && pair.end === at)).toBe(true);
          expect(++steps).toBeLessThanOrEqual(text.length + 1);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readSetCookie', () => {
  it.each([
    ['a=1; path=/', 'a', '1'],
    ['a,b = 1 , c; path=/', 'a,b', '1'],
    ['a="1;2"', 'a', '"1;2"'],
  ])('reads %j', (text, name, value) => {
    const bytes = bytesOf(text);
    readSetCookie(bytes, 0, bytes.length, pair);
    expect(bytes.toString('latin1', pair.nameStart, pair.nameEnd)).toBe(name);
    expect(bytes.toString('latin1', pair.valueStart, pair.valueEnd)).toBe(value);
  });

  it('reads no cookie without an equal sign', () => {
    const bytes = bytesOf('a; path=/');
    readSetCookie(bytes, 0, bytes.length, pair);
    expect(pair.hasValue).toBe(false);
  });
});

describe('closeGaps', () => {
  it('takes only blanks around the equal sign away', () => {
    const token = fc.string({ unit: fc.constantFrom(...'abc1'), minLength: 1, maxLength: 5 });
    const gap = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
    fc.assert(
      fc.property(token, gap, gap, token, token, (name, before, after, value, rest) => {
        const bytes = bytesOf(`${name}${before}=${after}${value}; ${rest}`);
        readCookie(bytes, 0, bytes.length, true, pair);
        const end = bytes.length - closeGaps(bytes, bytes.length, pair);
        expect(bytes.toString('latin1', 0, end)).toBe(`${name}=${value}; ${rest}`);
        expect(bytes.toString('latin1', pair.valueStart, pair.valueEnd)).toBe(value);
        expect(bytes[pair.end]).toBe(59);
      }),
    );
  });
});

describe('cutCookies', () => {
  it.each([
    // from the mark `<` to the mark `>`, which stands before a delimiter
    ['<S=1>; a=1', 'a=1'],
    ['<S=1>;a=1', 'a=1'],
    ['<S=1>', ''],
    ['<S=1>;', ''],
    ['a=1<; S=1>; b=2', 'a=1; b=2'],
    ['a=1 <;S=1>,b=2', 'a=1, b=2'],
    ['a=1<; S=1; S=2>;   b=2; c=3', 'a=1; b=2; c=3'],
  ])('cuts %j', (marked, expected) => {
    const from = marked.indexOf('<');
    const next = marked.indexOf('>') - 1;
    const bytes = bytesOf(marked.replace(/[<>]/g, ''));
    const end = bytes.length - cutCookies(bytes, 0, bytes.length, from, next);
    expect(bytes.toString('latin1', 0, end)).toBe(expected);
  });

  it('leaves what is before and behind as it is', () => {
    const cookie = fc.stringMatching(/^[a-z]{1,4}=[a-z0-9"]{0,4}$/);
    const list = fc.array(cookie, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(list, list, list, (before, cut, behind) => {
        const head = before.join('; ');
        const middle = cut.map((one) => `; ${one}`).join('');
        const tail = behind.join('; ');
        const bytes = bytesOf(`${head}${middle}; ${tail}`);
        const end = bytes.length - cutCookies(bytes, 0, bytes.length, head.length, head.length + middle.length);
        expect(bytes.toString('latin1', 0, end)).toBe(`${head}; ${tail}`);
      }),
    );
  });
});

describe('cutValue and isCookieName', () => {
  it('shorten a value', () => {
    const bytes = bytesOf('SRV=two~abc; b=2');
    readCookie(bytes, 0, bytes.length, true, pair);
    const end = bytes.length - cutValue(bytes, bytes.length, pair, 4, 8);
    expect(bytes.toString('latin1', 0, end)).toBe('SRV=abc; b=2');
    expect(bytes.toString('latin1', pair.valueStart, pair.valueEnd)).toBe('abc');
  });

  it('compare whole names, by case', () => {
    const bytes = bytesOf('SRV=two');
    readCookie(bytes, 0, bytes.length, true, pair);
    const is = (name: string): boolean => isCookieName(bytes, pair, bytesOf(name));
    expect([is('SRV'), is('SR'), is('SRVX'), is('srv')]).toEqual([true, false, false, false]);
  });
});
