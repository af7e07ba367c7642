/**
 * The machine that a keepalived.conf is resolved on, and what the resolvers of its blocks share.
 *
 * Interfaces, programs and users exist on the target, perhaps not where a configuration is tested: their absence is a
 * warning, and an answer of null in `HostFacts` means "not known here, take it as given".
 */
import type { Site, Statement } from '../../grammar/keepalived/ast.ts';
import type { Context } from '../../grammar/keepalived/context.ts';
import type { GlobalNode, NotifyNode, ScriptNode } from '../../grammar/keepalived/nodes.ts';
import { positionOf, toUtf8 } from '../../grammar/source.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type { Place } from './haproxy.ts';
import type { NotifyConf, ScriptConf } from './keepalived.ts';

/** What the machine at hand has. */
export interface HostFacts {
  /** Names of the network interfaces; null: not known. */
  interfaces(): ReadonlySet<string> | null;
  /** Is there a program of this name that may be run (looked up in PATH without a slash)? */
  executable(path: string): boolean;
  user(name: string): boolean;
  /** Is there such a file? Without an answer it is taken to be there. */
  exists?(path: string): boolean;
  /** Is there such a network namespace? Without an answer it is taken to be there. */
  namespace?(name: string): boolean;
  readonly hostname: string;
}

const DEFAULT_SCRIPT_USER = 'keepalived_script';
const NO_NOTIFY: NotifyConf = {
  master: null,
  backup: null,
  fault: null,
  stop: null,
  masterRxLowerPri: null,
  all: null,
};

function utf8OrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : toUtf8(text);
}

export class Surroundings {
  readonly context: Context;
  readonly facts: HostFacts;
  private readonly globals: GlobalNode;
  private readonly missingInterfaces = new Set<string>();
  private firstScript: Site | null = null;
  private defaultUserReported = false;

  constructor(context: Context, facts: HostFacts, globals: GlobalNode) {
    this.context = context;
    this.facts = facts;
    this.globals = globals;
  }

  checkInterface(name: string, site: Site, message: string): void {
    const known = this.facts.interfaces();
    const mayCome = this.globals.dynamicInterfaces ?? false;
    if (mayCome || !known || known.has(name) || this.missingInterfaces.has(name)) return;
    this.missingInterfaces.add(name);
    const suggestion = nearestWord(name, known);
    this.context.warning('interface-not-here', site, `WARNING - ${message}`, suggestion ? { suggestion } : {});
  }

  checkExecutable(script: ScriptNode, code: string, message: string): void {
    if (this.facts.executable(toUtf8(script.argv[0]!))) this.firstScript ??= script.site;
    else this.context.warning(code, script.site, message);
  }

  /** Is there such a user? Numbers are taken as they are. */
  checkUser(name: string | undefined, site: Site | undefined, code = 'user-not-here'): boolean {
    if (name === undefined || !site || /^\d+$/.test(name) || this.facts.user(name)) return true;
    this.context.warning(code, site, `no user '${name}' on this machine`);
    return false;
  }

  checkScript(script: ScriptNode): void {
    this.checkUser(script.user ?? undefined, script.site, 'notify-user-not-here');
    this.checkDefaultUser(script);
    this.checkExecutable(script, 'notify-not-here', `script '${script.argv[0]}' not found`);
  }

  /** With script security, keepalived runs a script that names no user only as script_user or `keepalived_script`. */
  checkDefaultUser(script: ScriptNode, site: Site = script.site): boolean {
    const { enableScriptSecurity, scriptUser } = this.globals;
    if (script.user !== null) return true;
    if (scriptUser && !this.isUser(scriptUser.value.user)) {
      // keepalived has said so at `script_user`, and says it again.
      if (this.context.asOriginal && site !== script.site) {
        this.context.warning('user-not-here', site, 'Unable to set default user for script - removing');
      }
      return false;
    }
    if (!enableScriptSecurity || scriptUser || this.facts.user(DEFAULT_SCRIPT_USER)) return true;
    if (this.defaultUserReported && this.context.asOriginal && site === script.site) return false;
    this.defaultUserReported = true;
    this.context.warning('user-not-here', site, `Unable to set default user ${DEFAULT_SCRIPT_USER} for script`, {
      expected: "'script_user' in global_defs",
    });
    return false;
  }

  private isUser(name: string): boolean {
    return /^\d+$/.test(name) || this.facts.user(name);
  }

  /** To be called last: were there scripts to run, without `enable_script_security`? */
  checkScriptSecurity(): void {
    if (!this.firstScript || this.globals.enableScriptSecurity) return;
    this.context.warning(
      'script-security',
      this.firstScript,
      'SECURITY VIOLATION - scripts are being executed but script_security not enabled.',
      { expected: "'enable_script_security' in global_defs" },
    );
  }

  notifyOf(node: NotifyNode): NotifyConf {
    const entries = Object.entries(node).map(([key, script]) => {
      this.checkScript(script);
      return [key, this.scriptConf(script)];
    });
    return { ...NO_NOTIFY, ...Object.fromEntries(entries) };
  }

  reportRepeated(statements: readonly Statement[], name: string): void {
    for (const statement of statements) {
      const keyword = statement.words[0]!.text;
      this.context.warning(
        'repeated-keyword',
        statement,
        `(${name}) ${keyword} script already specified - ignoring this one`,
      );
    }
  }

  scriptConf(node: ScriptNode): ScriptConf {
    const owner = node.user === null ? this.globals.scriptUser?.value : undefined;
    return {
      argv: node.argv.map(toUtf8),
      text: toUtf8(node.text),
      user: utf8OrNull(node.user ?? owner?.user),
      group: utf8OrNull(node.group ?? owner?.group),
      place: this.place(node.site),
    };
  }

  checkFile(path: string, name: string, site: Site): boolean {
    if (this.facts.exists?.(toUtf8(path)) ?? true) return true;
    this.context.warning('file-not-here', site, `realpath() error 2 (No such file or directory) for ${name}`);
    return false;
  }

  checkNamespace(name: string, site: Site): void {
    if (this.facts.namespace?.(toUtf8(name)) ?? true) return;
    this.context.warning('namespace-not-here', site, `network namespace ${name} is not on this machine`);
  }

  place(site: Site): Place {
    const span = this.context.spanOf(site);
    return span ? { file: span.source.file, line: positionOf(span.source, span.start).line } : { file: '', line: 0 };
  }
}
