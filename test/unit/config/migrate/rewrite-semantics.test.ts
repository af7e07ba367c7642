/**
 * A rewritten rule does to a request what the old one did. Both are played here: HAProxy 1.x replaced the whole request
 * line or header line by the replacement when the pattern was found in it; rules of today replace the whole path, path
 * with query, or value.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWord } from '../../../../grammar/haproxy/words.ts';
import { migrateHaproxy } from '../../../../src/config/migrate/haproxy.ts';

const plain = (word: string): string => {
  const decoded = decodeWord(word, { get: () => undefined });
  return 'problem' in decoded ? word : decoded[0]!;
};

function wordsOf(line: string): string[] {
  return line.match(/(?:\\.|[^\s\\])+/g)!.map(plain);
}

function expand(replacement: string, match: RegExpExecArray): string {
  return replacement.replace(/\\([0-9])/g, (_, digit: string) => match[Number(digit)] ?? '');
}

/** reqrep, reqirep and the rsp forms on one line of a message. */
function oldRule(rule: string, line: string): string {
  const [name, pattern, replacement] = wordsOf(rule);
  const match = new RegExp(pattern!, /^...i/.test(name!) ? 'i' : '').exec(line);
  return match ? expand(replacement!, match) : line;
}

function regexOf(text: string): RegExp {
  return text.startsWith('(?i)') ? new RegExp(text.slice(4), 'i') : new RegExp(text);
}

/** `replace-path`, `replace-pathq` with a condition on the method, on a request line. */
function newPathRule(rule: string, line: string): string {
  const [, action, pattern, format, ...condition] = wordsOf(rule);
  const [method, target, version] = line.split(' ') as [string, string, string];
  const wanted = /\{ method (.*?) \}/.exec(condition.join(' '))?.[1]?.split(' ');
  if (wanted && !wanted.includes(method)) return line;
  const queryAt = target.indexOf('?');
  const cut = action === 'replace-path' && queryAt >= 0 ? queryAt : target.length;
  const match = regexOf(pattern!).exec(target.slice(0, cut));
  if (!match) return line;
  const path = expand(format!, match).replaceAll('%%', '%');
  return [method, path + target.slice(cut), version].join(' ');
}

function newHeaderRule(rule: string, line: string): string {
  const [, action, name, pattern, format] = wordsOf(rule);
  const [header, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()];
  expect(action).toBe('replace-header');
  if (header.toLowerCase() !== name!.toLowerCase()) return line;
  const match = regexOf(pattern!).exec(value);
  return match ? `${header}: ${expand(format!, match).replaceAll('%%', '%')}` : line;
}

function migrated(rule: string): string {
  const { text, findings } = migrateHaproxy({ file: 'a', text: `backend b\n${rule}\n` }, 'haproxy-3.4');
  expect(findings.filter(({ code }) => code === 'not-migrated')).toEqual([]);
  return text.split('\n')[1]!;
}

const pathRules = [
  'reqrep ^([^\\ :]*)\\ /static/(.*) \\1\\ /\\2',
  'reqirep ^([^\\ :]*)\\ /Static/(.*) \\1\\ /\\2',
  'reqrep ^([^\\ ]*\\ /)a[/]?(.*) \\1\\2',
  'reqrep ^([^\\ :]*)\\ /a/([^/]*)/(.*) \\1\\ /\\2-\\3',
  'reqrep ^([^\\ ]+)\\ /(a|b)(.*) \\1\\ /new/\\2\\3',
  'reqrep ^(.*)\\ /a(.*) \\1\\ /100%\\2',
  'reqrep ^GET\\ /a(.*) GET\\ /b\\1',
  'reqrep ^(GET|POST)\\ /a(.*) \\1\\ /c\\2',
  'reqrep ^([^\\ ]*)\\ /a\\?(.*) \\1\\ /a/\\2',
  'reqrep ^([^\\ ]*)\\ (.*)/a/(.*) \\1\\ \\2/b/\\3',
  'reqrep ^([^\\ ]*\\ )/a/(.*) \\1/\\2',
  'reqrep ^([^\\ ]*)\\ /a(.*)\\ (.*) \\1\\ /b\\2\\ \\3',
  'reqrep ^([^\\ ]*)\\ /a/(.*)\\ HTTP/1\\.[01]$ \\1\\ /b/\\2\\ HTTP/1.1',
];

const segment = fc.constantFrom('a', 'b', 'static', 'Static', 'ab', 'x-y', '');
const target = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '?', '?a=1', '?x=/a/b', '?p=/static/'))
  .map(([segments, query]) => `/${segments.join('/')}${query}`);
const requestLine = fc
  .tuple(fc.constantFrom('GET', 'POST', 'HEAD'), target)
  .map(([method, path]) => `${method} ${path} HTTP/1.1`);

describe('request lines', () => {
  it.each(pathRules)('%s', (rule) => {
    const now = migrated(rule);
    expect(now).toMatch(/^http-request replace-pathq? /);
    fc.assert(
      fc.property(requestLine, (line) => {
        const old = oldRule(rule, line);
        // A pattern may find the slash of the version; what came of that was no request.
        fc.pre(/ HTTP\/1\.1$/.test(old));
        expect(newPathRule(now, line)).toBe(old);
      }),
    );
  });
});

const headerRules = [
  'reqirep ^Host:\\ www\\.(.*)$ Host:\\ \\1',
  'reqirep ^Host:\\ (.*)\\.old\\.(.*) Host:\\ \\2.new.\\1',
  'reqirep ^(Host:.*) \\1.b',
  'reqrep ^(Location:\\ http)(.*) \\1s\\2',
  'reqrep ^Host: Host:\\ fixed',
  'reqirep ^(Host:)\\ www(.*) \\1\\ w3\\2',
  'reqrep ^Host:[\\ ]*www Host:\\ 100%',
  'rsprep ^Location:\\ http://(.*) Location:\\ https://\\1',
];

const headerLine = fc
  .tuple(
    fc.constantFrom('Host', 'Location', 'X-Other'),
    fc.constantFrom('www.example', 'WWW.example', 'a.old.b', 'http://x/y', 'other', 'w'),
  )
  .map(([name, value]) => `${name}: ${value}`);

describe('header lines', () => {
  it.each(headerRules)('%s', (rule) => {
    const now = migrated(rule);
    fc.assert(
      fc.property(headerLine, (line) => {
        expect(newHeaderRule(now, line)).toBe(oldRule(rule, line));
      }),
    );
  });
});
