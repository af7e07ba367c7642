/** Parts of configuration files with pieces put in and taken out: of the fixtures and, when it is there, the corpus. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';

const corpus = resolve('../shared/corpus');

function textsOf(folders: readonly string[], extension: string): string[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(extension))
        .map((name) => `${folder}/${name}`),
    )
    .map((file) => readFileSync(file, 'latin1').replaceAll('\r', ''));
}

const pieces = [
  ' ',
  '\n',
  '\\',
  '"',
  "'",
  '#',
  '{',
  '}',
  '!',
  '@a ',
  '$A=',
  '\t',
  '\0',
  '${A}',
  '.if 1\n',
  'reqrep ',
  '(',
  ']',
  '\xff',
];

/** A part of a file with pieces put in and taken out. */
export function damaged(texts: readonly string[]): fc.Arbitrary<string> {
  const cut = fc.tuple(fc.constantFrom(...texts), fc.nat(20_000), fc.nat(600));
  const change = fc.tuple(fc.nat(600), fc.nat(4), fc.constantFrom(...pieces));
  return fc.tuple(cut, fc.array(change, { maxLength: 6 })).map(([[text, from, length], changes]) => {
    const start = from % (text.length + 1);
    return changes.reduce(
      (part, [at, gone, piece]) => part.slice(0, at) + piece + part.slice(at + gone),
      text.slice(start, start + length),
    );
  });
}

export const haproxyTexts = (): string[] =>
  textsOf(['fixtures/haproxy/ok', 'fixtures/haproxy/bad', `${corpus}/haproxy`], '.cfg');

export const keepalivedTexts = (): string[] =>
  textsOf(['fixtures/keepalived/ok', 'fixtures/keepalived/bad', `${corpus}/keepalived`], '.conf');
