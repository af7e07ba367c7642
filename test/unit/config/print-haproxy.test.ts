/** What is printed from records loads to the same records: over the fixtures, the corpus, and generated settings. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HaproxyConfig } from '../../../src/config/haproxy.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';
import { printHaproxy } from '../../../src/config/print-haproxy.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/haproxy/ok');
const corpus = resolve('../shared/corpus/haproxy');
if (!existsSync(corpus)) console.log(`skipped in part: no corpus at ${corpus}`);

/** Variables that the fixtures use. */
const env = { COLOR: 'green', FD: '6', FLAGS: 'check inter 5s', HOME: '/root' };

function load(file: string, bytes: Uint8Array) {
  return loadHaproxy([file], { compat: 'default', assumeFiles: true, env, readFile: () => bytes });
}

/** Records without the places that they name. */
function comparable(config: HaproxyConfig): unknown {
  const withoutPlaces = (key: string, value: unknown) => (key === 'place' || key === 'files' ? undefined : value);
  return JSON.parse(JSON.stringify(config, withoutPlaces));
}

function expectSame(file: string): boolean {
  const { config } = load(file, readFileSync(file));
  if (!config) return false;
  const text = printHaproxy(config);
  const again = load('printed.cfg', Buffer.from(text));
  expect(
    again.diagnostics.list.filter((each) => each.severity === 'error'),
    text,
  ).toEqual([]);
  expect(comparable(again.config!), text).toEqual(comparable(config));
  return true;
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => (name.endsWith('.cfg') ? [join(folder, name)] : []));
}

describe('printHaproxy', () => {
  it.each(readdirSync(fixtures))('gives back %s', (name) => {
    const path = join(fixtures, name);
    const [text = ''] = readFileSync(path, 'latin1').split('\n----\n');
    const { config } = load(path, Buffer.from(`${text}\n`, 'latin1'));
    const printed = printHaproxy(config!);
    const again = load('printed.cfg', Buffer.from(printed));
    expect(again.config, printed).not.toBeNull();
    expect(comparable(again.config!)).toEqual(comparable(config!));
    expect(printHaproxy(again.config!)).toBe(printed);
  });

  it.skipIf(!existsSync(corpus))('gives back real files', () => {
    const done = filesOf(corpus).filter(expectSame);
    expect(done.length).toBeGreaterThan(100);
  });

  it('quotes every text', () => {
    const { config } = load('a.cfg', Buffer.from('listen l\n bind 127.0.0.1:2\n'));
    const [proxy] = config!.proxies;
    const text = fc.string({ unit: fc.constantFrom(...'ab \'"\\$#{}[]()\t\n\r\x01é;!~'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, (description) => {
        const printed = printHaproxy({ ...config!, proxies: [{ ...proxy!, description }] });
        expect(load('printed.cfg', Buffer.from(printed)).config?.proxies[0]?.description).toBe(description);
      }),
    );
  });

  it('puts settings of the other side into defaults of their own', () => {
    const text = [
      'defaults',
      ' mode tcp',
      ' retries 7',
      ' timeout connect 1s',
      'frontend f',
      ' bind 127.0.0.1:1',
      'defaults',
      ' mode http',
      'listen l',
      ' bind 127.0.0.1:2',
      ' server "a" 127.0.0.1:3 weight 5 check',
      '',
    ].join('\n');
    const { config } = load('a.cfg', Buffer.from(text));
    expect(printHaproxy(config!)).toBe(
      [
        'global',
        '',
        'defaults common',
        '    balance roundrobin',
        '',
        'defaults frontend-1 from common',
        '    timeout connect 1000ms',
        '    retries 7',
        '',
        'frontend f from frontend-1',
        '    id 1',
        '    bind 127.0.0.1:1 id 1',
        '    mode tcp',
        '',
        'listen l from common',
        '    id 2',
        '    bind 127.0.0.1:2 id 1',
        '    mode http',
        '    no option abortonclose',
        '    server a 127.0.0.1:3 id 1 weight 5 check',
        '',
      ].join('\n'),
    );
  });
});
