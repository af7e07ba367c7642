/**
 * What a file says about the machine that a configuration is meant for, so that it can be checked on another:
 *
 *     {
 *       "interfaces": { "eth0": ["192.0.2.10/24", "2001:db8::10/64"] },
 *       "users": ["haproxy", "keepalived_script"],
 *       "files": { "/usr/local/bin/check.sh": "0755 root" },
 *       "sysctls": { "net.ipv4.ip_nonlocal_bind": "1" }
 *     }
 *
 * A part that is absent is not known, and nothing is concluded from it. `files` may be a plain list as well.
 */
import { lstatSync } from 'node:fs';

export interface FileFacts {
  /** Permission bits. */
  readonly mode: number;
  /** Null: not known. */
  readonly owner: string | null;
}

export interface HostFacts {
  readonly interfaces: ReadonlyMap<string, readonly string[]> | null;
  readonly users: ReadonlySet<string> | null;
  /** Mode and owner by path; null for a file that is there and of which no more is known. */
  readonly files: ReadonlyMap<string, FileFacts | null> | null;
  readonly sysctls: ReadonlyMap<string, string> | null;
}

/** Nothing is known: what is named is taken to be there and to be right. */
export const NO_FACTS: HostFacts = { interfaces: null, users: null, files: null, sysctls: null };

/** The facts, or what is wrong with the file. */
export function parseHostFacts(text: string): HostFacts | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (!isRecord(value)) return 'an object is expected';
  const unknown = Object.keys(value).find((key) => !['interfaces', 'users', 'files', 'sysctls'].includes(key));
  if (unknown !== undefined) return `'${unknown}' is none of interfaces, users, files, sysctls`;
  const { interfaces, users, files, sysctls } = value;
  if (interfaces !== undefined && !isRecordOf(interfaces, isTexts)) return 'interfaces: lists of addresses by name';
  if (users !== undefined && !isTexts(users)) return 'users: a list of names';
  const fileFacts = files === undefined ? null : readFileFacts(files);
  if (typeof fileFacts === 'string') return fileFacts;
  if (sysctls !== undefined && !isRecordOf(sysctls, isScalar)) return 'sysctls: values by name';
  return {
    interfaces: interfaces ? new Map(Object.entries(interfaces)) : null,
    users: users ? new Set(users) : null,
    files: fileFacts,
    sysctls: sysctls ? new Map(Object.entries(sysctls).map(([name, one]) => [name, String(one)])) : null,
  };
}

function readFileFacts(value: unknown): ReadonlyMap<string, FileFacts | null> | string {
  if (isTexts(value)) return new Map(value.map((path) => [path, null]));
  const wrong = 'files: a list of paths, or "MODE OWNER" by path, MODE in octal';
  if (!isRecordOf(value, isScalar)) return wrong;
  const facts = new Map<string, FileFacts | null>();
  for (const [path, text] of Object.entries(value)) {
    const [, mode, owner = null] = /^([0-7]{3,4})(?: (\S+))?$/.exec(String(text)) ?? [];
    if (mode === undefined) return wrong;
    facts.set(path, { mode: Number.parseInt(mode, 8), owner });
  }
  return facts;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRecordOf<T>(value: unknown, isOne: (one: unknown) => one is T): value is Record<string, T> {
  return isRecord(value) && Object.values(value).every(isOne);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** A file of the machine at hand; null when there is none, or only a symbolic link, whose mode says nothing. */
export function localFileFacts(path: string): FileFacts | null {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return null;
    return { mode: stat.mode & 0o7777, owner: stat.uid === 0 ? 'root' : `uid ${stat.uid}` };
  } catch {
    return null;
  }
}
