import { describe, expect, it } from 'vitest';
import { LineText, marksOf } from '../../../src/wire/line-text.ts';

function written(write: (line: LineText) => void, room = 100): string {
  const line = new LineText(Buffer.alloc(room + 8, '.'), 4, room + 4);
  write(line);
  // Nothing is written beside its room.
  expect(Buffer.from(line.bytes.subarray(0, 4)).toString()).toBe('....');
  expect(Buffer.from(line.bytes.subarray(room + 4)).toString()).toBe('....');
  expect(line.length).toBe(line.toString().length);
  return line.toString();
}

describe('LineText', () => {
  it('writes numbers as they are', () => {
    const powers = Array.from({ length: 16 }, (_, i) => 10 ** i);
    const numbers = [0, 7, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, ...powers, ...powers.map((n) => n - 1)];
    for (const n of [...numbers, ...numbers.slice(1).map((n) => -n)]) {
      expect(written((line) => line.number(n))).toBe(String(n));
    }
  });

  it('writes the last digits', () => {
    const shown = [0, 9, 42, 999, 1234].map((n) => written((line) => line.digits(n, 3)));
    expect(shown).toEqual(['000', '009', '042', '999', '234']);
  });

  it('writes a byte a character, and UTF-8 where that does not do', () => {
    expect(written((line) => line.text('caf\xe9'))).toBe('caf\xe9');
    expect(written((line) => line.text('é€'))).toBe(Buffer.from('é€').toString('latin1'));
  });

  it('escapes what is marked', () => {
    const marks = marksOf(/["\x00-\x1f\xff]/);
    expect(written((line) => line.hashed('a"b\x01\xff\xe9', marks))).toBe('a#22b#01#FF\xe9');
    expect(written((line) => line.hashed('', marks))).toBe('');
  });

  it('stays within its room', () => {
    const marks = marksOf(/"/);
    for (let room = 0; room < 12; room++) {
      expect(written((line) => line.text('twelve chars'), room)).toBe('twelve chars'.slice(0, room));
      expect(written((line) => line.text('caf\xe9 au lait'), room)).toBe('caf\xe9 au lait'.slice(0, room));
      expect(written((line) => line.hashed('a"cdefghijkl', marks), room)).toBe('a#22cdefghijkl'.slice(0, room));
      expect(written((line) => line.number(123), room)).toBe(room < 3 ? '' : '123');
    }
  });

  it('remembers controls until it is cleared', () => {
    const line = new LineText(Buffer.alloc(100));
    line.text('visible \xe9');
    expect(line.isPlain).toBe(true);
    line.text('a\x7f');
    line.text('more');
    expect([line.isPlain, line.toString()]).toEqual([false, 'visible \xe9a\x7fmore']);
    line.clear();
    expect([line.isPlain, line.length]).toEqual([true, 0]);
  });
});
