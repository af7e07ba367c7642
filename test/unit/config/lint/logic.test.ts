/** Implication and exclusion of ACL tests: held against brute force over what small tests can look at. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTest, type Test } from '../../../../src/config/lint/acl.ts';
import { excludes, implies } from '../../../../src/config/lint/logic.ts';

const nowhere = { source: { file: '', text: '' }, start: 0, end: 0 };

function test(text: string): Test {
  return readTest(text.split(' ').map((word) => ({ text: word, at: nowhere, open: false })))!;
}

describe('reading tests', () => {
  it.each([
    ['path_beg -i /a', { fetch: 'path', method: 'beg', ignoreCase: true }],
    ['path -m end .png', { fetch: 'path', method: 'end' }],
    ['req.hdr(Host) a', { fetch: 'hdr', args: 'host', method: 'str' }],
    ['hdr(host),lower a', { fetch: 'hdr', converters: ['lower'], method: 'str' }],
    ['src 10.0.0.0/8', { fetch: 'src', method: 'ip' }],
    ['dst_port ge 80', { fetch: 'dst_port', method: 'int' }],
    ['req_len gt 5', { fetch: 'req_len', method: 'int' }],
    ['path -f /etc/list', { open: true }],
    ['ssl_fc', { method: 'bool', values: [] }],
  ])('%s', (text, expected) => {
    expect(test(text)).toMatchObject(expected);
  });
});

describe('implication', () => {
  it.each([
    ['path_beg /api/users', 'path_beg /api'],
    ['path /api/x', 'path_beg /api'],
    ['path_beg /API', 'path_beg -i /api'],
    ['path_end .tar.gz', 'path_end .gz'],
    ['path_beg /a /b', 'path_beg /a /b /c'],
    ['hdr(host) -i www.example.com', 'hdr_end(host) -i .example.com'],
    ['src 10.1.0.0/16', 'src 10.0.0.0/8'],
    ['src 10.1.2.3', 'src 10.0.0.0/255.0.0.0'],
    ['src 2001:db8:1::/48', 'src 2001:db8::/32'],
    ['dst_port 80', 'dst_port 1:1023'],
    ['dst_port ge 100', 'dst_port gt 50'],
    ['ssl_fc', 'ssl_fc'],
  ])('%s implies %s', (narrow, wide) => {
    expect(implies(test(narrow), test(wide))).toBe(true);
    if (narrow !== wide) expect(implies(test(wide), test(narrow))).toBe(false);
  });

  it.each([
    ['path_beg -i /api', 'path_beg /api'],
    ['path_beg /api', 'url_beg /api'],
    ['hdr(host),lower a', 'hdr(host) a'],
    ['path_reg ^/a', 'path_beg /'],
    ['rand(10) lt 5', 'rand(10) lt 6'],
    ['path -f /x', 'path -f /x'],
    ['src 0.0.0.0/0', 'src ::/0'],
  ])('%s does not show %s', (a, b) => {
    expect(implies(test(a), test(b))).toBe(false);
  });

  it('excludes only what a request has once', () => {
    expect(excludes(test('path_beg /a'), test('path_beg /b'))).toBe(true);
    expect(excludes(test('hdr(host) a'), test('hdr(host) b'))).toBe(true);
    expect(excludes(test('hdr(accept) a'), test('hdr(accept) b'))).toBe(false);
    expect(excludes(test('path_beg /A'), test('path_beg -i /a'))).toBe(false);
    expect(excludes(test('src 10.0.0.0/8'), test('src 192.168.0.1'))).toBe(true);
    expect(excludes(test('dst_port lt 80'), test('dst_port ge 80'))).toBe(true);
    expect(excludes(test('path_sub a'), test('path_end b'))).toBe(false);
  });

  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'A'), minLength: 1, maxLength: 3 });
  const method = fc.constantFrom('str', 'beg', 'end', 'sub');
  const made = fc
    .tuple(method, fc.boolean(), fc.array(letters, { minLength: 1, maxLength: 2 }))
    .map(([name, fold, values]) => test(`path -m ${name} ${fold ? '-i ' : ''}${values.join(' ')}`));

  /** All strings of up to four letters. */
  const words = [''];
  for (const word of words) if (word.length < 4) words.push(`${word}a`, `${word}b`, `${word}A`);

  function matches({ method: how, ignoreCase, values }: Test, subject: string): boolean {
    return values.some(({ text }) => {
      const [whole, part] = ignoreCase ? [subject.toLowerCase(), text.toLowerCase()] : [subject, text];
      if (how === 'str') return whole === part;
      if (how === 'beg') return whole.startsWith(part);
      return how === 'end' ? whole.endsWith(part) : whole.includes(part);
    });
  }

  it('never claims what a string refutes', () => {
    fc.assert(
      fc.property(made, made, (a, b) => {
        if (implies(a, b)) expect(words.filter((word) => matches(a, word) && !matches(b, word))).toEqual([]);
        if (excludes(a, b)) expect(words.filter((word) => matches(a, word) && matches(b, word))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
