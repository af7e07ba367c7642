/**
 * From file names to a HaproxyConfig: the one entrance to the haproxy.cfg language.
 *
 * Takes files and directories as `-f` does (a directory stands for its *.cfg files in the order of their names), reads
 * them through a callback, and runs parse, lower and resolve. Nothing is thrown for anything a user can do wrong.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { Diagnostics } from '../../grammar/diagnostic.ts';
import type { Tree } from '../../grammar/haproxy/ast.ts';
import { isAtLeast, type Language } from '../../grammar/haproxy/keyword.ts';
import { lower } from '../../grammar/haproxy/lower.ts';
import type { HaproxyNodes } from '../../grammar/haproxy/nodes.ts';
import { parse } from '../../grammar/haproxy/parser.ts';
import { sourceOf } from '../../grammar/source.ts';
import { formatVariables } from './format-variables.ts';
import type { HaproxyConfig } from './haproxy.ts';
import type { Profile } from './profile.ts';
import { defaultsOf } from './release-defaults.ts';
import { resolveHaproxy } from './resolve-haproxy.ts';
import type { FoundHost, LookUp, ReadText } from './resolve-surroundings.ts';

export interface LoadHaproxyOptions {
  readonly compat: Profile;
  /** A configuration test: what exists only on the target machine is taken for granted. */
  readonly assumeFiles: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file; throws what node:fs throws. */
  readonly readFile: (path: string) => Uint8Array;
  /** `-L`: HAPROXY_LOCALPEER, the machine's name otherwise. */
  readonly localPeer?: string | null;
  /** Names are looked up as IPv4 addresses only. */
  readonly onlyIpv4?: boolean;
}

export interface LoadedHaproxy {
  /** Null when there are errors. */
  readonly config: HaproxyConfig | null;
  readonly diagnostics: Diagnostics;
  /** What was read, also when there are errors. */
  readonly nodes: HaproxyNodes;
  /**
   * Does the configuration name any address to listen on, opened here or not? The original does not start without
   * one ("no listener", exit code 2).
   */
  readonly hasListeners: boolean;
}

export function loadHaproxy(files: readonly string[], options: LoadHaproxyOptions): LoadedHaproxy {
  const diagnostics = new Diagnostics();
  const trees = files.flatMap((file) => readTrees(file, options, diagnostics));
  const language = languageOf(options.compat);
  const env = { ...options.env, ...ownVariables(files, language, options.localPeer ?? hostname()) };
  const nodes = lower(trees, { language, env, diagnostics });
  // The original looks at sections as a whole only when every line of them is right.
  const later = !language.lenient && diagnostics.hasErrors ? new Diagnostics() : diagnostics;
  const config = resolveHaproxy(nodes, {
    diagnostics: later,
    lookUp: lookUpWith(options),
    readText: readTextWith(options),
    threads: availableParallelism(),
    defaults: defaultsOf(language),
    // HAProxy 3.4.0 finds its own settings for proxies here.
    ...(options.compat === 'haproxy-3.4' && { ownProxy: 'default' }),
  });
  return { config: diagnostics.hasErrors ? null : config, diagnostics, nodes, hasListeners: hasListeners(nodes) };
}

/** Variables that the original sets for the configuration to use (manual, chapter 2.3). */
function ownVariables(files: readonly string[], { release }: Language, localPeer: string): Record<string, string> {
  return {
    HAPROXY_BRANCH: release.join('.'),
    HAPROXY_CFGFILES: files.join(';'),
    HAPROXY_LOCALPEER: localPeer,
    ...(isAtLeast(release, '2.7') && formatVariables),
  };
}

/** Which language a profile speaks: one release of HAProxy, or all of them. */
export function languageOf(profile: Profile): Language {
  if (profile === 'haproxy-2.6') return { release: [2, 6], lenient: false };
  return { release: [3, 4], lenient: profile !== 'haproxy-3.4' };
}

function hasListeners(nodes: HaproxyNodes): boolean {
  const sections = nodes.trees.flatMap((tree) => tree.sections);
  const listening = new Set(['peers', 'log-forward']);
  if (sections.some((section) => listening.has(section.header?.words[0]?.raw ?? ''))) return true;
  return nodes.global.declaresSocket || nodes.proxies.some((proxy) => proxy.declaresBind);
}

/** The tree of a file, or the trees of a directory's *.cfg files. */
function readTrees(path: string, options: LoadHaproxyOptions, diagnostics: Diagnostics): Tree[] {
  try {
    return [parse(sourceOf(path, options.readFile(path)))];
  } catch (error) {
    if (codeOf(error) === null) throw error;
    if (codeOf(error) === 'EISDIR')
      return listFiles(path, diagnostics).flatMap((file) => readTrees(file, options, diagnostics));
    refuse(path, error, diagnostics);
    return [];
  }
}

function listFiles(path: string, diagnostics: Diagnostics): string[] {
  try {
    const names = readdirSync(path, 'utf8').filter((name) => name.endsWith('.cfg') && !name.startsWith('.'));
    return names.sort().map((name) => join(path, name));
  } catch (error) {
    if (codeOf(error) === null) throw error;
    refuse(path, error, diagnostics);
    return [];
  }
}

function refuse(path: string, error: unknown, diagnostics: Diagnostics): void {
  const message = `Cannot open configuration file/directory ${path} : ${reasonOf(error)}`;
  diagnostics.error('unreadable-file', startOf(path), message);
}

function startOf(file: string) {
  return { source: { file, text: '' }, start: 0, end: 0 };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  ELOOP: 'Too many levels of symbolic links',
};

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return (code !== null && reasons[code]) || (error instanceof Error ? error.message : String(error));
}

/** Files that lines name and whose text the program needs; a configuration test does not open them. */
function readTextWith({ assumeFiles, readFile }: LoadHaproxyOptions): ReadText {
  return (path) => {
    if (assumeFiles) return null;
    try {
      return { text: Buffer.from(readFile(path)).toString('latin1') };
    } catch (error) {
      if (codeOf(error) === null) throw error;
      return 'unreadable';
    }
  };
}

/**
 * Host names of `bind` and `log` lines are needed as addresses before anything runs, so they are looked up here, with
 * the machine's own resolver and at once. A configuration test does not ask the network.
 */
function lookUpWith(options: LoadHaproxyOptions): LookUp {
  return (name) => {
    if (name === 'localhost') return { host: '127.0.0.1', family: 4 };
    return options.assumeFiles ? 'assumed' : lookUpHost(name, options.onlyIpv4 ?? false);
  };
}

function lookUpHost(name: string, onlyIpv4: boolean): FoundHost | null {
  const { stdout } = spawnSync('getent', [onlyIpv4 ? 'ahostsv4' : 'ahosts', name], { encoding: 'utf8', timeout: 5000 });
  const host = /^\S+/.exec(stdout ?? '')?.[0] ?? '';
  const family = isIP(host);
  return family === 4 || family === 6 ? { host, family } : null;
}
