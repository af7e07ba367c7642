/**
 * What the command line of `haproxy` asks to be shown besides running or testing: `-dK` keywords, `-dC` the configuration as
 * read, `-dL` the files that make the program, `-dD` what looks suspicious (management guide, chapter 3). The first three go
 * to standard output, whether or not `-q` was given, once the files have been read; words and files only when they are right.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../../grammar/diagnostic.ts';
import type { Tree } from '../../grammar/haproxy/ast.ts';
import { positionOf, toUtf8 } from '../../grammar/source.ts';
import type { HaproxyConfig } from '../config/haproxy.ts';
import type { Profile } from '../config/profile.ts';
import type { HaproxyArguments } from './haproxy-arguments.ts';

type Asked = Pick<HaproxyArguments, 'dump' | 'keywordClasses' | 'listsFiles'>;

export async function answerInquiries(
  asked: Asked,
  profile: Profile,
  trees: readonly Tree[],
  mainFile: string,
  isRight: boolean,
): Promise<string[]> {
  const lines: string[] = [];
  if (asked.dump !== null) {
    const { dumpHaproxy } = await import('../config/dump-haproxy.ts');
    lines.push(...dumpHaproxy(trees, asked.dump).map(toUtf8));
  }
  if (!isRight) return lines;
  if (asked.listsFiles) lines.push(...(await listProgramFiles(mainFile)));
  if (asked.keywordClasses.length > 0) {
    const { printKeywordClasses } = await import('../config/explain/keyword-classes.ts');
    const { languageOf } = await import('../config/load-haproxy.ts');
    lines.push(...printKeywordClasses(asked.keywordClasses, languageOf(profile)));
  }
  return lines;
}

/** The interpreter, its libraries and ours, and the program's own files. */
async function listProgramFiles(mainFile: string): Promise<string[]> {
  await import('../os/libc.ts'); // Brings in what it takes to make system calls.
  const mapped = readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .map((line) => /^\S+ ..x. \S+ \S+ \d+ +(\/\S.*)$/.exec(line)?.[1])
    .filter((path) => path !== undefined);
  const folder = dirname(mainFile);
  const own = readdirSync(folder).filter((name) => name.endsWith('.js'));
  return [...new Set([process.execPath, ...mapped, ...own.map((name) => join(folder, name))])];
}

/** `-dD`: what the original and the linter have to say, as lines of the original. */
export async function diagnose(
  args: HaproxyArguments,
  profile: Profile,
  config: HaproxyConfig | null,
  assumeFiles: boolean,
): Promise<string[]> {
  const { lintFiles } = await import('../config/lint/lint-files.ts');
  const { ruleCodes } = await import('../config/lint/rules.ts');
  const target = { name: null, paths: args.files };
  const options = { compat: profile, assumeFiles, facts: null, carriedOut: false, configId: null, env: process.env };
  const found = lintFiles([target], options).diagnostics.filter(({ code }) => ruleCodes.has(code));
  const texts = found.map((diagnostic) => `${placeOf(diagnostic)}${diagnostic.message}`);
  const idle = config === null ? [] : describeIdleServers(config);
  return [...idle, ...texts].map((text) => `[DIAG]     (${process.pid}) : config : ${text}`);
}

function describeIdleServers({ proxies }: HaproxyConfig): string[] {
  return proxies.flatMap((proxy) => {
    const idle = proxy.servers.filter(({ weight }) => weight === 0);
    return idle.map(({ name, place }) => {
      const what = 'configured with weight of 0 will never be selected by load balancing algorithms';
      return `[${place.file}:${place.line}] : 'server ${proxy.name}/${name}' : ${what}`;
    });
  });
}

function placeOf({ at }: Diagnostic): string {
  return at ? `[${at.source.file}:${positionOf(at.source, at.start).line}] : ` : '';
}
