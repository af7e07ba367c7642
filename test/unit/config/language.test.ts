import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { languageOf } from '../../../src/config/language.ts';

describe('languageOf', () => {
  it.each([
    ['x', '# comment\nglobal\n  daemon\n', 'haproxy'],
    ['x.conf', 'listen web 0.0.0.0:80\n', 'haproxy'],
    ['x', '\xef\xbb\xbfdefaults\r\n mode http\r\n', 'haproxy'],
    ['x', '.if defined(X)\nglobal\n', 'haproxy'],
    ['x.cfg', '! Configuration File for keepalived\n\nglobal_defs {\n}\n', 'keepalived'],
    ['x', 'vrrp_instance VI_1 {\n', 'keepalived'],
    ['x', '  virtual_server 10.0.0.1 80 {\n', 'keepalived'],
    ['x', '$IP=10.0.0.1\n', 'keepalived'],
    ['x', '@node1 router_id a\n', 'keepalived'],
    ['keepalived.conf', '', 'keepalived'],
    ['/etc/keepalived/local', '', 'keepalived'],
    ['haproxy.conf', '', 'haproxy'],
    ['haproxy.cfg', '', 'haproxy'],
  ])('%s %j is %s', (file, text, language) => {
    expect(languageOf(file, text)).toBe(language);
  });

  const corpus = resolve(import.meta.dirname, '../../../../shared/corpus');
  if (!existsSync(corpus)) console.warn('SKIPPED languageOf on the corpus: ../shared/corpus is absent');
  it.skipIf(!existsSync(corpus))('tells real files apart whatever their names are', () => {
    for (const language of ['haproxy', 'keepalived'] as const) {
      const files = readdirSync(join(corpus, language), { recursive: true, encoding: 'utf8' });
      const texts = files
        .filter((name) => /\.(cfg|conf)$/.test(name))
        .map((name) => readFileSync(join(corpus, language, name), 'latin1'));
      const right = texts.filter((text) => languageOf('unnamed', text) === language);
      expect(texts.length).toBeGreaterThan(50);
      expect(right.length / texts.length).toBeGreaterThan(0.97);
    }
  });
});
