/**
 * Runs the scripts of keepalived.conf: words straight to exec, never a shell, as the configured user, in a process
 * group of their own so that a timeout reaches whatever they started.
 *
 * Who runs it: the script's own `user`, else `script_user`, else the account keepalived_script if it exists, else the
 * role's own user (keepalived.conf(5), `script_user`). With `enable_script_security` a script that root would run is
 * refused when somebody else could write to it or to a folder above it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { GlobalDefs, ScriptConf } from '../config/keepalived.ts';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** A script made ready: its program found, its user looked up. */
export interface Program {
  readonly conf: ScriptConf;
  readonly file: string;
  readonly args: readonly string[];
  readonly identity: Identity;
}

export type Preparation =
  | { readonly program: Program; readonly insecure: boolean }
  | { readonly problem: string; readonly insecure: boolean };

const DEFAULT_ACCOUNT = 'keepalived_script';
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Finds the program and its user; `problem` is the log line of a script that must not run. */
export function prepareScript(conf: ScriptConf, globals: GlobalDefs): Preparation {
  const [name = '', ...args] = conf.argv;
  const identity = findIdentity(conf, globals);
  if (typeof identity === 'string') return { problem: identity, insecure: false };
  const file = findProgram(name);
  if (!file) {
    const what = `Script ${name} cannot be accessed - No such file or directory`;
    return { problem: name.includes('/') ? what : `Cannot find script ${name} in path - disabling`, insecure: false };
  }
  const insecure = identity.uid === 0 && isWritableByOthers(file);
  if (insecure && globals.enableScriptSecurity) {
    return { problem: `Unsafe permissions found for script '${name}' - disabling.`, insecure };
  }
  return { program: { conf, file, args, identity }, insecure };
}

/** Starts it. The child has no input; its outputs are dropped, as keepalived drops them. */
export function startProgram(program: Program, extraArgs: readonly string[] = []): ChildProcess {
  const { uid, gid } = program.identity;
  const switches = process.getuid?.() === 0 ? { uid, gid } : {};
  return spawn(program.file, [...program.args, ...extraArgs], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, PATH: process.env.PATH ?? DEFAULT_PATH },
    ...switches,
  });
}

/** Signals the whole group; a group that is gone is no error. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {}
}

function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? DEFAULT_PATH).split(delimiter);
  const candidates = name.includes('/') ? [name] : folders.map((folder) => join(folder, name));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

function findIdentity(conf: ScriptConf, globals: GlobalDefs): Identity | string {
  const own: Identity = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const wanted = conf.user === null ? globals.scriptUser : { user: conf.user, group: conf.group };
  const account = wanted?.user ?? DEFAULT_ACCOUNT;
  const found = findAccount(account);
  if (!found) return wanted === null ? own : `Script user '${account}' does not exist`;
  if (wanted?.group == null) return found;
  const gid = findGroup(wanted.group);
  return gid === undefined ? `Script group '${wanted.group}' does not exist` : { uid: found.uid, gid };
}

function findAccount(name: string): Identity | undefined {
  const entry = findEntry('/etc/passwd', name, 2);
  return entry && { uid: Number(entry[2]), gid: Number(entry[3]) };
}

function findGroup(name: string): number | undefined {
  const entry = findEntry('/etc/group', name, 2);
  return entry && Number(entry[2]);
}

/** A line of passwd(5) or group(5) by its name or its number. */
function findEntry(file: string, name: string, numberField: number): string[] | undefined {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find((entry) => entry[0] === name || entry[numberField] === name);
  } catch {
    return undefined;
  }
}

/** Whether anyone but root could exchange the file: it, or a folder on the way to it, is theirs or writable by them. */
function isWritableByOthers(file: string): boolean {
  let path = realpathSync(file);
  for (;;) {
    const { uid, mode, gid } = statSync(path);
    const sticky = (mode & constants.S_IFMT) === constants.S_IFDIR && (mode & 0o1000) !== 0;
    if (uid !== 0 || (gid !== 0 && mode & 0o020) || (mode & 0o002 && !sticky)) return true;
    const above = dirname(path);
    if (above === path) return false;
    path = above;
  }
}
