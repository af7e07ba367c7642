/**
 * From files and directories to findings: what `tandem lint` and `tandem --config-test` do.
 *
 * The files of one machine are read as the programs would read them: all haproxy.cfg together as one configuration,
 * each keepalived.conf by itself with what it includes. Then the rules run, those about both files when there are both.
 * Several machines (`--node`) are looked at one by one and after that against each other.
 */
import { resolve } from 'node:path';
import { type Diagnostic, NOT_CARRIED_OUT } from '../../../grammar/diagnostic.ts';
import type { KeepalivedDocument } from '../../../grammar/keepalived/lower.ts';
import type { Source } from '../../../grammar/source.ts';
import { configFilesIn, readConfigFile, readConfigText } from '../config-files.ts';
import { type ConfigLanguage, languageOf } from '../language.ts';
import { loadHaproxy, languageOf as releaseOf } from '../load-haproxy.ts';
import { type LoadedKeepalived, type LoadKeepalivedOptions, loadKeepalived, localOptions } from '../load-keepalived.ts';
import type { Profile } from '../profile.ts';
import { lintMachine, lintNodes, withDefaultsNotes } from './engine.ts';
import { dropFollowUps } from './follow-ups.ts';
import { type HaproxyView, viewHaproxy } from './haproxy-view.ts';
import { type HostFacts, NO_FACTS } from './host-facts.ts';
import { applyIgnores } from './ignore.ts';
import { type KeepalivedView, viewKeepalived } from './keepalived-view.ts';
import { ruleCodes } from './rules.ts';

/** The files of one machine. */
export interface LintTarget {
  /** Null: there is only one. */
  readonly name: string | null;
  readonly paths: readonly string[];
}

export interface LintOptions {
  readonly compat: Profile;
  /** What exists only on the target is taken to be there. */
  readonly assumeFiles: boolean;
  readonly facts: HostFacts | null;
  /** Tell of what the originals do and this program does not. */
  readonly carriedOut: boolean;
  readonly configId: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LintResult {
  readonly diagnostics: readonly Diagnostic[];
  /** Files read, in order. */
  readonly files: readonly string[];
}

export function lintFiles(targets: readonly LintTarget[], options: LintOptions): LintResult {
  const machines = targets.map((target) => lintTarget(target, options));
  const nodes = machines.flatMap(({ views }, index) => {
    const name = targets[index]!.name ?? String(index + 1);
    return views.map((keepalived) => ({ name, keepalived }));
  });
  const between = machines.length > 1 ? lintNodes(nodes) : [];
  const found = [...machines.flatMap((machine) => machine.diagnostics), ...between];
  const sources = machines.flatMap((machine) => machine.sources);
  const left = applyIgnores(found, sources, ruleCodes);
  const shown = options.carriedOut ? left : left.filter(({ code }) => code !== NOT_CARRIED_OUT);
  return {
    diagnostics: inFileOrder(shown, sources),
    files: sources.map((source) => source.file),
  };
}

interface Machine {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
  readonly views: readonly KeepalivedView[];
}

function lintTarget({ paths }: LintTarget, options: LintOptions): Machine {
  const sorted = sortFiles(uniqueFiles(paths.flatMap(configFilesIn)));
  const haproxy = sorted.haproxy.length > 0 ? readHaproxy(sorted.haproxy, options) : null;
  const keepalived = readKeepaliveds(sorted.keepalived, options);
  const reported = [...(haproxy?.diagnostics ?? []), ...keepalived.flatMap((one) => one.diagnostics)];
  const views = keepalived.flatMap(({ document }) => (document ? [viewKeepalived(document)] : []));
  const facts = options.facts ?? (options.assumeFiles ? NO_FACTS : null);
  const found = lintMachine({ haproxy: haproxy?.view ?? null, keepalived: views, facts, reported });
  const all = [...reported, ...found];
  const read = { haproxy: haproxy?.view ?? null, keepalived: views };
  const told = options.compat === 'default' ? dropFollowUps(all, read, ruleCodes) : all;
  const diagnostics = withIncludeNotes(told, keepalived);
  const sources = [...(haproxy?.sources ?? []), ...keepalived.flatMap(sourcesOf)];
  return { diagnostics: haproxy ? withDefaultsNotes(diagnostics, haproxy.view) : diagnostics, sources, views };
}

/** Each file once, under the name that it came with first. */
function uniqueFiles(files: readonly string[]): string[] {
  const seen = new Set<string>();
  return files.filter((file) => {
    const path = resolve(file);
    const isNew = !seen.has(path);
    seen.add(path);
    return isNew;
  });
}

/** A file that cannot be read is left to the language that its name suggests, which then says so. */
function sortFiles(files: readonly string[]): Record<ConfigLanguage, string[]> {
  const sorted: Record<ConfigLanguage, string[]> = { haproxy: [], keepalived: [] };
  for (const file of files) sorted[languageOf(file, readConfigText(file))].push(file);
  return sorted;
}

interface ReadHaproxy {
  readonly view: HaproxyView;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
}

function readHaproxy(files: readonly string[], options: LintOptions): ReadHaproxy {
  const { compat, env } = options;
  // Names are never looked up here: a test must not depend on the network.
  const { nodes, diagnostics } = loadHaproxy(files, { compat, env, assumeFiles: true, readFile: readConfigFile });
  const view = viewHaproxy(nodes.trees, env, releaseOf(compat));
  return { view, diagnostics: diagnostics.list, sources: nodes.trees.map((tree) => tree.source) };
}

/** Files that another one of them includes are not read a second time by themselves. */
function readKeepaliveds(files: readonly string[], options: LintOptions): LoadedKeepalived[] {
  const loaded = files.map((file) => ({ file, read: loadKeepalived(file, keepalivedOptions(options)) }));
  const included = new Set(
    loaded.flatMap(({ read }) => (read.document?.files.slice(1) ?? []).map((name) => resolve(name))),
  );
  return loaded.filter(({ file }) => !included.has(resolve(file))).map(({ read }) => read);
}

function keepalivedOptions({ compat, configId, assumeFiles, facts, env }: LintOptions): LoadKeepalivedOptions {
  const local = { ...localOptions(compat, configId), readFile: readConfigFile };
  if (!facts) return { ...local, env, assumeFiles };
  const { interfaces, files, users } = facts;
  const hostFacts = {
    interfaces: () => interfaces && new Set(interfaces.keys()),
    executable: (path: string) => files === null || !path.startsWith('/') || files.has(path),
    user: (name: string) => users === null || users.has(name),
  };
  return { ...local, env, assumeFiles: false, hostFacts };
}

function sourcesOf({ document }: LoadedKeepalived): Source[] {
  return document ? [document.main, ...document.includedAt.keys()] : [];
}

/** Says for a diagnostic in an included file which line includes it. */
function withIncludeNotes(list: readonly Diagnostic[], loaded: readonly LoadedKeepalived[]): Diagnostic[] {
  const includedAt: KeepalivedDocument['includedAt'] = new Map(
    loaded.flatMap(({ document }) => [...(document?.includedAt ?? [])]),
  );
  return list.map((diagnostic) => {
    const at = diagnostic.at && includedAt.get(diagnostic.at.source);
    return at ? { ...diagnostic, notes: [...(diagnostic.notes ?? []), { at, message: 'included here' }] } : diagnostic;
  });
}

function inFileOrder(list: readonly Diagnostic[], sources: readonly Source[]): Diagnostic[] {
  const order = new Map(sources.map((source, index) => [source.file, index]));
  const rank = ({ at }: Diagnostic) => (at ? (order.get(at.source.file) ?? sources.length) : -1);
  return [...list].sort((a, b) => rank(a) - rank(b) || (a.at?.start ?? 0) - (b.at?.start ?? 0));
}
