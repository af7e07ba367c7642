import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RingFile } from '../../../src/log/ring-file.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-ring-'));
  path = join(folder, 'ring');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Contents {
  readonly header: string;
  readonly area: string;
  /** Oldest first, as somebody reads the file who knows its layout. */
  readonly lines: readonly string[];
}

function read(): Contents {
  const bytes = readFileSync(path);
  const header = bytes.toString('latin1', 0, 64).trim();
  const area = bytes.toString('latin1', 64);
  const position = Number(header.split(' ')[3]);
  const text = area.slice(position) + area.slice(0, position);
  return { header, area, lines: text.replaceAll('\0', '').split('\n').slice(0, -1) };
}

it('keeps lines where others can read them', () => {
  const file = new RingFile(path, 'events', 64 + 100);
  file.write(Buffer.from('one\n'));
  file.write(Buffer.from('two\n'));
  expect(read()).toEqual({ header: 'ring events 100 8', area: `one\ntwo\n${'\0'.repeat(92)}`, lines: ['one', 'two'] });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  file.close();
});

it('overwrites the oldest lines and leaves no pieces of them', () => {
  const file = new RingFile(path, 'r', 64 + 50);
  const all = Array.from({ length: 200 }, (_, i) => `${i}:${'x'.repeat(i % 17)}`);
  for (const [i, line] of all.entries()) {
    file.write(Buffer.from(`${line}\n`));
    const { lines } = read();
    expect(lines.length).toBeGreaterThan(0);
    expect(all.slice(i + 1 - lines.length, i + 1)).toEqual(lines);
  }
  file.close();
});

it('leaves out what is longer than the file', () => {
  const file = new RingFile(path, 'r', 64 + 10);
  file.write(Buffer.from('0123456789\n'));
  file.write(Buffer.from('012345678\n'));
  expect(read().lines).toEqual(['012345678']);
  file.close();
});

it('keeps what was there before, and starts anew', () => {
  writeFileSync(path, 'old');
  writeFileSync(`${path}.bak`, 'older');
  const file = new RingFile(path, 'r', 1000);
  expect(readFileSync(`${path}.bak`, 'utf8')).toBe('old');
  expect(statSync(path).size).toBe(1000);
  file.close();
  writeFileSync(path, '');
  rmSync(`${path}.bak`);
  new RingFile(path, 'r', 1000).close();
  expect(existsSync(`${path}.bak`)).toBe(false);
});

it('has nothing to say once it is closed', () => {
  const file = new RingFile(path, 'r', 1000);
  file.close();
  file.write(Buffer.from('late\n'));
  file.close();
  expect(read().lines).toEqual([]);
});

it('says when it cannot be made', () => {
  expect(() => new RingFile(join(folder, 'no', 'ring'), 'r', 1000)).toThrow(/ENOENT/);
});
