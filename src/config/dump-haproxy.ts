/**
 * A configuration as `haproxy -dC` prints it (management guide, chapter 3): what was read, without comments, sections
 * indented alike. With a key nothing is left of it that tells about its owner, so that it can be shown to others: words of
 * the language, numbers, times and sizes stay; addresses and all other words are replaced by a hash, the same for the same
 * word and key; lines end where a secret would follow. The hashes are not those of HAProxy.
 */
import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import type { Line, Tree } from '../../grammar/haproxy/ast.ts';
import { decodeWord } from '../../grammar/haproxy/words.ts';
import { positionOf } from '../../grammar/source.ts';
import { allEntries } from './explain/catalog.ts';

export interface DumpOptions {
  /** 0 and null: as it is. */
  readonly key: number | null;
  /** Puts the number of its line before each. */
  readonly numbers: boolean;
}

/** Lines in Latin-1, without line ends. */
export function dumpHaproxy(trees: readonly Tree[], { key, numbers }: DumpOptions): string[] {
  const disguise = key === null || key === 0 ? null : new Disguise(key);
  const lines: string[] = [];
  for (const tree of trees) {
    const show = (line: Line, indent: string) => {
      if (line.words.length === 0) return;
      const raw = line.words.map((word) => word.raw);
      const words = disguise === null ? raw : disguise.take(raw);
      const number = numbers ? `${positionOf(tree.source, line.words[0]!.start).line}\t` : '';
      lines.push(`${number}${indent}${words.join(' ')}`);
    };
    for (const section of tree.sections) {
      if (section.header !== null) {
        if (lines.length > 0) lines.push('');
        show(section.header, '');
      }
      for (const line of section.lines) show(line, '\t');
    }
  }
  return lines;
}

/** Behind these words stands what nobody else may see, hashed or not. */
const secrets = new Set([
  'auth',
  'password',
  'insecure-password',
  'cluster-secret',
  'dynamic-cookie-key',
  'ca-sign-pass',
  'anonkey',
  'key',
  'tcp-md5sig',
]);

/** Choices that rows read by themselves. */
const choices = `
  no default if unless from or and global
  roundrobin static-rr leastconn first source uri url_param random rdp-cookie hash log-hash sticky
  map-based consistent sdbm djb2 wt6 crc32 none avalanche
  kern user mail daemon auth syslog lpr news uucp cron auth2 ftp ntp audit alert cron2
  local0 local1 local2 local3 local4 local5 local6 local7
  emerg alert crit err warning notice info debug rfc3164 rfc5424 short raw iso timed priority
  insert rewrite prefix indirect nocache postonly preserve httponly secure domain maxidle maxlife dynamic
  any all odd even groups users deny allow tarpit redirect location scheme code enable
`;

const HEX_DIGITS = 6;
const PLAIN = /^(?:[-+]?\d+(?:\.\d+)?(?:us|ms|s|m|h|d|k|g|%)?|\d+(?:[-,/]\d+)+)$/i;

class Disguise {
  private readonly key: string;
  /** Every word that a row, an action or a choice is named by. */
  private readonly language: ReadonlySet<string>;

  constructor(key: number) {
    this.key = String(key);
    const entries = allEntries().filter(({ language }) => language === 'haproxy');
    const words = entries.flatMap(({ name, takes, places }) => [...name.split(' '), ...choicesOf(takes), ...places]);
    this.language = new Set([...words, ...secrets, ...choices.trim().split(/\s+/)]);
  }

  take(words: readonly string[]): string[] {
    const shown: string[] = [];
    for (const raw of words) {
      shown.push(this.disguise(raw));
      if (secrets.has(raw)) return [...shown, '[...]'];
    }
    return shown;
  }

  private disguise(raw: string): string {
    if (this.language.has(raw) || PLAIN.test(raw)) return raw;
    const decoded = decodeWord(raw, { get: () => undefined });
    const text = (Array.isArray(decoded) && decoded.join(' ')) || raw;
    return text
      .split(',')
      .map((part) => this.disguisePart(part))
      .join(',');
  }

  private disguisePart(part: string): string {
    if (part === '' || this.language.has(part) || PLAIN.test(part)) return part;
    const [, prefix = '', rest = ''] = /^([a-z0-9+]+@)?(.*)$/s.exec(part)!;
    const [, host = rest, port = ''] = /^(.*?)(:[-+]?\d+(?:-\d+)?)?$/s.exec(rest)!;
    const bare = host.replace(/^\[|\]$/g, '');
    if (host === '' || host === '*') return `${prefix}${host}${port}`;
    if (isIP(rest) === 6) return `${prefix}IPV6(${this.hash(rest)})`;
    const family = isIP(bare);
    return `${prefix}${family === 0 ? this.hash(host) : `IPV${family}(${this.hash(bare)})`}${port}`;
  }

  private hash(text: string): string {
    return createHmac('sha256', this.key).update(text, 'latin1').digest('hex').slice(0, HEX_DIGITS);
  }
}

/** "on|off" of a usage line; labels such as "<time>" are no words. */
function choicesOf(takes: string): string[] {
  return takes.split(/[ |]+/).filter((word) => /^[a-z][a-z0-9-]*$/.test(word));
}
