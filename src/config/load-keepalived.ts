/**
 * Reads a keepalived.conf with everything it includes: from a file name to records and diagnostics.
 *
 * The I/O of the keepalived language is here and in the callbacks of the caller (`readFile`, `hostFacts`); the
 * grammar does none. Which diagnostics are errors under which profile is `keepalived-verdict.ts`.
 */
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { type Diagnostic, Diagnostics, type Severity } from '../../grammar/diagnostic.ts';
import type { Release } from '../../grammar/keepalived/context.ts';
import type { IncludedFile } from '../../grammar/keepalived/expand.ts';
import { type KeepalivedDocument, type ReadOptions, readKeepalived } from '../../grammar/keepalived/lower.ts';
import { type Source, type Span, sourceOf } from '../../grammar/source.ts';
import { matchFiles } from './file-pattern.ts';
import type { KeepalivedConfig } from './keepalived.ts';
import type { HostFacts } from './keepalived-surroundings.ts';
import { isUnread, softened, weigh } from './keepalived-verdict.ts';
import type { Profile } from './profile.ts';
import { resolveKeepalived } from './resolve-keepalived.ts';

export interface LoadKeepalivedOptions {
  readonly compat: Profile;
  /** Interfaces, programs and users are taken to exist. */
  readonly assumeFiles: boolean;
  /** `-i`; null: the first label of the host name. */
  readonly configId: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As `fs.readFileSync`: throws an error with a `code`. */
  readFile(path: string): Uint8Array;
  readonly hostFacts: Pick<HostFacts, 'interfaces' | 'executable' | 'user' | 'exists' | 'namespace'>;
}

export interface LoadedKeepalived {
  /** Null only when there was no file to read. */
  readonly config: KeepalivedConfig | null;
  /** What was read; null as `config`. */
  readonly document: KeepalivedDocument | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function loadKeepalived(file: string, options: LoadKeepalivedOptions): LoadedKeepalived {
  const diagnostics = new BoundedDiagnostics();
  const main = openFile(file, file, options);
  if (!main.source) {
    const at = { source: { file, text: '' }, start: 0, end: 0 };
    const code = main.problem === MISSING ? 'file-missing' : 'file-unreadable';
    diagnostics.error(code, at, `Configuration file '${file}' ${main.problem}`);
    return { config: null, document: null, diagnostics: weighAll(diagnostics, options.compat) };
  }
  const document = readKeepalived(main.source, main.identity, readOptions(file, options), diagnostics);
  if (document.tree.statements.length === 0 && !diagnostics.hasErrors) {
    const at = { source: main.source, start: 0, end: 0 };
    diagnostics.warning('empty-configuration', at, `Configuration file '${file}' says nothing`);
  }
  const config = resolveKeepalived(document, factsFor(options));
  return { config, document, diagnostics: weighAll(diagnostics, options.compat) };
}

/** The machine at hand, and the real file system. */
export function localOptions(compat: Profile, configId: string | null): LoadKeepalivedOptions {
  return {
    compat,
    assumeFiles: false,
    configId,
    env: process.env,
    readFile: (path) => readFileSync(path),
    hostFacts: {
      interfaces: localInterfaces,
      executable: isExecutable,
      user: isUser,
      exists: existsSync,
      namespace: (name) => existsSync(join('/run/netns', name)),
    },
  };
}

/**
 * For a configuration test away from the target: what the file names is taken as present. The verdict of a release hangs
 * on whether there are scripts to run (`script-security`), so it looks for them on this machine all the same.
 */
export function assumingOptions(compat: Profile, configId: string | null): LoadKeepalivedOptions {
  const local = localOptions(compat, configId);
  if (compat === 'default') return { ...local, assumeFiles: true };
  return { ...local, hostFacts: { ...local.hostFacts, interfaces: () => null, user: () => true } };
}

const MOST_DIAGNOSTICS = 1000;

/** A file that is no configuration has a mistake in every line; nobody reads more than the first ones. */
class BoundedDiagnostics extends Diagnostics {
  private readonly dropped = new Set<Severity>();

  override add(diagnostic: Diagnostic): void {
    const { severity, at } = diagnostic;
    if (this.list.length - this.dropped.size < MOST_DIAGNOSTICS) super.add(diagnostic);
    else if (!this.dropped.has(severity)) {
      this.dropped.add(severity);
      super.add({
        code: 'too-many-problems',
        severity,
        ...(at && { at }),
        message: 'too many problems; no more are shown',
      });
    }
  }

  override error(code: string, at: Span | undefined, message: string, more: Partial<Diagnostic> = {}): void {
    this.add({ code, severity: 'error', ...(at && { at }), message, ...more });
  }

  override warning(code: string, at: Span | undefined, message: string, more: Partial<Diagnostic> = {}): void {
    this.add({ code, severity: 'warning', ...(at && { at }), message, ...more });
  }
}

/** In the order of the files and of the lines in them. */
function weighAll(diagnostics: Diagnostics, profile: Profile): Diagnostic[] {
  const order = new Map<Source | undefined, number>();
  for (const { at } of diagnostics.list) if (!order.has(at?.source)) order.set(at?.source, order.size);
  const rank = ({ at }: Diagnostic) => order.get(at?.source)!;
  const weighed = diagnostics.list.map((diagnostic) => weigh(diagnostic, profile));
  return (isUnread(weighed, profile) ? weighed.map(softened) : weighed).sort(
    (a, b) => rank(a) - rank(b) || (a.at?.start ?? 0) - (b.at?.start ?? 0),
  );
}

function factsFor(options: LoadKeepalivedOptions): HostFacts {
  const own = { hostname: hostname() };
  if (!options.assumeFiles) return { ...options.hostFacts, ...own };
  // A namespace is no file: without it nothing of the configuration runs, whatever else is there.
  const { namespace = () => true } = options.hostFacts;
  return { interfaces: () => null, executable: () => true, user: () => true, namespace, ...own };
}

function readOptions(mainFile: string, options: LoadKeepalivedOptions): ReadOptions {
  const directoryOf = (source: Source) => dirname(resolve(source.file));
  return {
    configId: options.configId ?? hostname().split('.')[0]!,
    env: (name) => options.env[name],
    directoryOf,
    release: RELEASES[options.compat] ?? null,
    include: (pattern, from) =>
      matchFiles(pattern, directoryOf(from)).map((path) => openFile(path, nameLike(path, mainFile), options)),
  };
}

/** Included files are named the way the main file was: relative stays relative. */
function nameLike(path: string, mainFile: string): string {
  return mainFile.startsWith('/') ? path : relative('.', path);
}

/** The releases that the profiles stand for: 2.2 as Debian builds it, 2.4 as its configure script does by itself. */
const RELEASES: Partial<Record<Profile, Release>> = {
  'keepalived-2.2': { version: '2.2.7', without: ['iptables', 'linkbeat'] },
  'keepalived-2.4': { version: '2.4.3', without: ['bfd', 'dbus', 'iptables', 'linkbeat', 'snmp'] },
};
const MISSING = 'does not exist';

function openFile(path: string, name: string, options: LoadKeepalivedOptions): IncludedFile {
  try {
    return { name, identity: realName(path), source: sourceOf(name, options.readFile(path)) };
  } catch (error) {
    return { name, identity: path, source: null, problem: describe(error) };
  }
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'ENOENT') return MISSING;
  return code === 'EISDIR' ? 'is a directory - skipping' : `cannot be read (${code})`;
}

function realName(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/**
 * From procfs, which shows the network namespace of the process: sysfs shows the one that it was mounted in, and
 * `os.networkInterfaces` leaves out interfaces without an address.
 */
function localInterfaces(): ReadonlySet<string> | null {
  try {
    const lines = readFileSync('/proc/self/net/dev', 'latin1').split('\n');
    return new Set(lines.flatMap((line) => /^\s*([^\s:]+):/.exec(line)?.[1] ?? []));
  } catch {
    return null;
  }
}

function isExecutable(program: string): boolean {
  if (program.includes('/')) return mayRun(program);
  return (process.env.PATH ?? '/usr/bin:/bin').split(':').some((directory) => mayRun(join(directory, program)));
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isUser(name: string): boolean {
  try {
    return readFileSync('/etc/passwd', 'latin1')
      .split('\n')
      .some((line) => line.startsWith(`${name}:`));
  } catch {
    return false;
  }
}
