// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is keepalived's syntax here
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCommand } from '../../../../grammar/keepalived/script.ts';
import { readText } from './reading.ts';

const words = fc.constantFrom(
  'global_defs',
  'vrrp_instance',
  'vrrp_script',
  'vrrp_sync_group',
  'virtual_server',
  'real_server',
  'HTTP_GET',
  'url',
  'track_script',
  'virtual_ipaddress',
  'authentication',
  'interface',
  'eth0',
  'state',
  'MASTER',
  'priority',
  '100',
  '255',
  '0',
  '-1',
  'weight',
  'group',
  'script',
  '"/bin/true"',
  "'",
  '"',
  'notify',
  '192.0.2.1',
  '192.0.2.1/24',
  '2001:db8::1',
  '{',
  '}',
  '\n',
  '\n',
  ' ',
  ' ',
  '#',
  '!',
  '\\',
  '$A=',
  '$A',
  '${A}',
  '~SEQ(i,1,3)',
  '$i',
  '@here',
  '@^here',
  '\0',
  '\xff',
);
const text = fc.array(words, { maxLength: 120 }).map((list) => list.join(' '));

describe('any text', () => {
  it.each(['default', 'keepalived-2.4'] as const)(
    'is read to the end as %s, and every diagnostic has a place in the text',
    (compat) => {
      fc.assert(
        fc.property(text, (value) => {
          const { config, diagnostics, lines } = readText(value, { compat });
          expect(config).not.toBeNull();
          for (const { at } of diagnostics) {
            expect(at!.start).toBeGreaterThanOrEqual(0);
            expect(at!.end).toBeLessThanOrEqual(value.length);
            expect(at!.start).toBeLessThanOrEqual(at!.end);
          }
          for (const line of lines) expect(line).toMatch(/^\(keepalived\.conf: Line \d+\) .* \(column \d+\)$/);
        }),
        { numRuns: 800 },
      );
    },
  );

  it('gives no instance that could not run', () => {
    fc.assert(
      fc.property(text, (value) => {
        for (const instance of readText(value).config!.instances) {
          expect(instance.virtualRouterId).toBeGreaterThanOrEqual(1);
          expect(instance.priority).toBeGreaterThanOrEqual(1);
          expect(instance.interface).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('splitting a command', () => {
  it.each([
    ['killall -0 haproxy', ['killall', '-0', 'haproxy']],
    [`/bin/sh -c 'exit 1'`, ['/bin/sh', '-c', 'exit 1']],
    [`a "b 'c'" d`, ['a', "b 'c'", 'd']],
    [`a"b c"'d e'f`, ['ab cd ef']],
    ['a\\ b c\\"', ['a b', 'c"']],
    ['\\x41\\101\\tz\\cA', ['AA\tz\x01']],
    ['""', ['']],
    ['  ', []],
  ])('%s', (command, argv) => {
    const { words: found, unclosed } = splitCommand(command);
    expect(found.map((word) => word.text)).toEqual(argv);
    expect(unclosed).toBeNull();
  });

  it('says which quote is not closed', () => {
    expect(splitCommand(`a 'b c`).unclosed).toEqual({ text: "'b c", start: 2, end: 6 });
  });

  it('undoes the quoting of any words', () => {
    const quote = (word: string) => `'${word.replace(/[\\']/g, '\\$&')}'`;
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }), (list) => {
        expect(splitCommand(list.map(quote).join(' ')).words.map((word) => word.text)).toEqual(list);
      }),
    );
  });
});
