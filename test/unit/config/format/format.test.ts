/** Formatting changes the layout and nothing else: the same records, the same words, the same comments. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../../../grammar/haproxy/ast.ts';
import { parse } from '../../../../grammar/haproxy/parser.ts';
import { parse as parseKeepalived } from '../../../../grammar/keepalived/parser.ts';
import { type Source, sourceOf } from '../../../../grammar/source.ts';
import { formatHaproxy } from '../../../../src/config/format/haproxy.ts';
import { formatKeepalived } from '../../../../src/config/format/keepalived.ts';
import { loadHaproxy } from '../../../../src/config/load-haproxy.ts';
import { loadKeepalived, localOptions } from '../../../../src/config/load-keepalived.ts';

const corpus = resolve('../shared/corpus');
if (!existsSync(corpus)) console.log('skipped: formatting of the corpus needs ../shared/corpus');

function sourcesOf(folders: readonly string[], extension: string): Source[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .filter((file) => file.endsWith(extension))
    .map((file) => sourceOf(file, readFileSync(file)));
}

function haproxyRecords(source: Source, text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  const options = { compat: 'default', assumeFiles: true, env: {}, readFile: () => bytes } as const;
  const { config, diagnostics } = loadHaproxy([source.file], options);
  // The line end that a file lacked is the one thing that formatting mends.
  const codes = diagnostics.list.map(({ code, message }) => `${code} ${message}`.replace(/\d+/g, 'N'));
  return JSON.stringify([withoutPlaces(config), codes.filter((code) => !code.startsWith('missing-line-end'))]);
}

function keepalivedRecords(source: Source, text: string): string {
  const readFile = (path: string) => {
    if (path === source.file) return Buffer.from(text, 'latin1');
    throw Object.assign(new Error(path), { code: 'ENOENT' });
  };
  const { config } = loadKeepalived(source.file, {
    ...localOptions('default', 'a'),
    assumeFiles: true,
    env: {},
    readFile,
  });
  return JSON.stringify(withoutPlaces(config));
}

/** Line numbers move. */
function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key]) => !['at', 'line', 'span'].includes(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutPlaces(inner)]));
}

const words = (source: Source): string[] =>
  [...linesOf(parse(source))].flatMap((line) => [
    ...line.words.map(({ raw }) => raw),
    ...(line.comment < 0 ? [] : [source.text.slice(line.comment, line.end).trim()]),
  ]);
const tokens = (source: Source): string[] =>
  parseKeepalived(source).lines.flatMap((line) =>
    line.tokens.map(({ image }) => image.trim()).filter((text) => text !== ''),
  );

describe('haproxy.cfg', () => {
  it('is laid out by sections', () => {
    const text =
      'global\n\tdaemon   # yes\n\n\n\n# web\nlisten   web   :80\n      # inner\n  server a\t10.0.0.1:80   check';
    expect(formatHaproxy({ file: 'a', text })).toBe(
      'global\n    daemon # yes\n\n# web\nlisten web :80\n    # inner\n    server a 10.0.0.1:80 check\n',
    );
  });

  it('leaves alone what blanks would change', () => {
    const text = 'frontend a\n  acl x path a\\\tb\n  log-format "open   quote\n.if   defined( A )\n';
    expect(formatHaproxy({ file: 'a', text })).toBe(
      'frontend a\n  acl x path a\\\tb\n  log-format "open   quote\n.if   defined( A )\n',
    );
  });

  it('keeps words and records, and is done the first time, on every fixture and corpus file', () => {
    const sources = sourcesOf(['fixtures/haproxy/ok', 'fixtures/seeds', `${corpus}/haproxy`], '.cfg');
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      const text = formatHaproxy(source);
      const again = { file: source.file, text };
      expect(formatHaproxy(again), source.file).toBe(text);
      expect(words(again), source.file).toEqual(words(source));
      expect(haproxyRecords(source, text) === haproxyRecords(source, source.text), source.file).toBe(true);
    }
  }, 60_000);
});

describe('keepalived.conf', () => {
  it('is laid out by blocks', () => {
    const text = 'vrrp_instance VI_1{\nstate   MASTER  ! note\n# off\n  virtual_ipaddress {  10.0.0.1  }\n\n\n}';
    expect(formatKeepalived({ file: 'a', text })).toBe(
      'vrrp_instance VI_1 {\n    state MASTER ! note\n# off\n    virtual_ipaddress { 10.0.0.1 }\n\n}\n',
    );
  });

  it.each([
    ['$A= \\\n b \\\n ', '$A= \\\n b \\\n \n'],
    ['$A=b\\ ', '$A=b\\ '],
  ])('does not move the backslash at the end of %j', (text, formatted) => {
    expect(formatKeepalived({ file: 'a', text })).toBe(formatted);
  });

  it('keeps what the preprocessor reads', () => {
    const text = '$A=x   y \\\n   z\n@a   vrrp_instance V {\n  state  MASTER\n}\ninclude   /etc/x/*.conf\n';
    expect(formatKeepalived({ file: 'a', text })).toBe(text.replace('  state  MASTER', '  state MASTER'));
  });

  it('keeps words and records, and is done the first time, on every fixture and corpus file', () => {
    const sources = sourcesOf(['fixtures/keepalived/ok', `${corpus}/keepalived`], '.conf');
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      const text = formatKeepalived(source);
      const again = { file: source.file, text };
      expect(formatKeepalived(again), source.file).toBe(text);
      expect(tokens(again), source.file).toEqual(tokens(source));
      // A file that asks for random numbers says something else each time.
      if (source.text.includes('_RANDOM')) continue;
      expect(keepalivedRecords(source, text) === keepalivedRecords(source, source.text), source.file).toBe(true);
    }
  }, 60_000);
});
