/**
 * The library: `import { parseHaproxy, parseKeepalived, lint } from 'tandem'`. See docs/library.md.
 *
 * Parsing takes text and touches nothing else, but for the files that a keepalived.conf includes. Offsets of trees and
 * spans count bytes: text is held as Latin-1, one character a byte (`toUtf8` turns a word into what people read).
 * Nothing is thrown for what is wrong with a configuration: it is in `diagnostics`.
 */
import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../grammar/diagnostic.ts';
import type { Tree } from '../grammar/haproxy/ast.ts';
import type { GlobalNode, ProxyNode } from '../grammar/haproxy/nodes.ts';
import type { Block } from '../grammar/keepalived/ast.ts';
import type { DocumentNode } from '../grammar/keepalived/nodes.ts';
import { type FileTree, parse as parseKeepalivedFile } from '../grammar/keepalived/parser.ts';
import { type Source, type Span, sourceOf } from '../grammar/source.ts';
import type { HaproxyConfig } from './config/haproxy.ts';
import type { KeepalivedConfig } from './config/keepalived.ts';
import { type HostFacts, parseHostFacts } from './config/lint/host-facts.ts';
import { type LintTarget, lintFiles } from './config/lint/lint-files.ts';
import { loadHaproxy } from './config/load-haproxy.ts';
import { loadKeepalived, localOptions } from './config/load-keepalived.ts';
import type { Profile } from './config/profile.ts';

export type { Diagnostic, Note, Severity } from '../grammar/diagnostic.ts';
export type { Line, Section, Tree, Word } from '../grammar/haproxy/ast.ts';
export { linesOf, print as printHaproxy } from '../grammar/haproxy/ast.ts';
export type { GlobalNode, ProxyNode } from '../grammar/haproxy/nodes.ts';
export type { Block, Statement } from '../grammar/keepalived/ast.ts';
export type { DocumentNode } from '../grammar/keepalived/nodes.ts';
export { type FileTree, print as printKeepalived } from '../grammar/keepalived/parser.ts';
export { type Position, positionOf, type Source, type Span, toUtf8 } from '../grammar/source.ts';
export type { HaproxyConfig } from './config/haproxy.ts';
export type { KeepalivedConfig } from './config/keepalived.ts';
export type { HostFacts } from './config/lint/host-facts.ts';
export type { Profile } from './config/profile.ts';
export { parseHostFacts };

export interface ParseOptions {
  /** How the file is named in diagnostics, and where relative includes start from. */
  readonly file?: string;
  /** Whose verdict is given; by default every release's words are understood. */
  readonly compat?: Profile;
  /** Environment variables that the configuration may use; none by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface ParsedHaproxy {
  /** Every byte of the file, as sections of lines of words. */
  readonly tree: Tree;
  /** What the lines mean, as written: settings are there only where a line sets them. */
  readonly global: GlobalNode;
  readonly proxies: readonly ProxyNode[];
  /** With defaults merged in; null when there are errors. */
  readonly config: HaproxyConfig | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function parseHaproxy(text: string | Uint8Array, options: ParseOptions = {}): ParsedHaproxy {
  const { file = 'haproxy.cfg', compat = 'default', env = {} } = options;
  const bytes = bytesOf(text);
  const { config, nodes, diagnostics } = loadHaproxy([file], { compat, env, assumeFiles: true, readFile: () => bytes });
  return { tree: nodes.trees[0]!, global: nodes.global, proxies: nodes.proxies, config, diagnostics: diagnostics.list };
}

export interface ParsedKeepalived {
  /** Every byte of the file, as lines of tokens. */
  readonly file: FileTree;
  /** Statements and blocks after expansion; offsets count in the expanded text, `spanOf` leads back to a file. */
  readonly tree: Block;
  /** What the blocks mean. */
  readonly document: DocumentNode;
  /** With built-in values merged in. */
  readonly config: KeepalivedConfig;
  readonly diagnostics: readonly Diagnostic[];
  spanOf(site: { readonly start: number; readonly end: number }): Span | undefined;
}

export interface ParseKeepalivedOptions extends ParseOptions {
  /** The `@id` whose lines count. */
  readonly configId?: string;
}

export function parseKeepalived(text: string | Uint8Array, options: ParseKeepalivedOptions = {}): ParsedKeepalived {
  const { file = 'keepalived.conf', compat = 'default', env = {}, configId = null } = options;
  const bytes = bytesOf(text);
  const readFile = (path: string) => (path === file ? bytes : readFileSync(path));
  const local = { ...localOptions(compat, configId), assumeFiles: true, env, readFile };
  const { config, document, diagnostics } = loadKeepalived(file, local);
  if (!config || !document) throw new Error('a text that is there was not read');
  const source: Source = sourceOf(file, bytes);
  return {
    file: parseKeepalivedFile(source),
    tree: document.tree,
    document: document.document,
    config,
    diagnostics,
    spanOf: (site) => document.context.spanOf(site),
  };
}

export interface LintLibraryOptions {
  readonly compat?: Profile;
  /** What exists only on the target is taken to be there; true by default. */
  readonly assumeFiles?: boolean;
  /** Also say which words this program does not act on; false by default. */
  readonly carriedOut?: boolean;
  /** What the target has: interfaces, files, users. */
  readonly facts?: HostFacts | null;
  readonly configId?: string | null;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Checks files and directories of either language with all rules. An object gives the files of several machines by
 * name, which are then compared as well.
 */
export function lint(
  paths: readonly string[] | Readonly<Record<string, readonly string[]>>,
  options: LintLibraryOptions = {},
): readonly Diagnostic[] {
  const {
    compat = 'default',
    assumeFiles = true,
    carriedOut = false,
    facts = null,
    configId = null,
    env = {},
  } = options;
  const targets: LintTarget[] = isList(paths)
    ? [{ name: null, paths }]
    : Object.entries(paths).map(([name, list]) => ({ name, paths: list }));
  return lintFiles(targets, { compat, assumeFiles, carriedOut, facts, configId, env }).diagnostics;
}

function isList(paths: readonly string[] | object): paths is readonly string[] {
  return Array.isArray(paths);
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
}
