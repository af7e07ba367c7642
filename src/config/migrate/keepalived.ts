/**
 * Migrates a keepalived.conf: words that were renamed or dropped, where they stand.
 *
 * A physical file is a list of lines, and definitions or conditions may hold half a block, so blocks are followed by
 * their braces alone. Lines that hold several statements are changed word by word; only a statement with a line of its
 * own can be commented out. What stands in a definition is left alone.
 */
import type { IToken } from 'chevrotain';
import { Blank, Close, Comment, Newline, Open, Quoted, Word } from '../../../grammar/keepalived/lexer.ts';
import { type FileLine, parse } from '../../../grammar/keepalived/parser.ts';
import type { Source } from '../../../grammar/source.ts';
import { type LineSite, lineStartsOf, type Migration, MigrationWriter } from './migration.ts';

interface OpenBlock {
  readonly keyword: string;
  readonly name: string;
  /** The line of its brace. */
  readonly site: LineSite;
}

interface Rename {
  readonly to: string;
  /** What changes by it. */
  readonly check?: string;
}

const ANY = '*';
const IGNORED_BEFORE = 'this word was unknown here and had no effect; now it has';

/** By block and word; `*` stands for any block. */
const renames: Readonly<Record<string, Readonly<Record<string, Rename>>>> = {
  [ANY]: { lvs_sync_daemon_inteface: { to: 'lvs_sync_daemon_interface' } },
  HTTP_GET: { nb_get_retry: { to: 'retry' } },
  SSL_GET: { nb_get_retry: { to: 'retry' } },
  TCP_CHECK: { nb_get_retry: { to: 'retry', check: IGNORED_BEFORE } },
  MISC_CHECK: { nb_get_retry: { to: 'retry', check: IGNORED_BEFORE } },
  SMTP_CHECK: { nb_get_retry: { to: 'retry', check: IGNORED_BEFORE } },
  DNS_CHECK: { nb_get_retry: { to: 'retry', check: IGNORED_BEFORE } },
  '': { vrrp_track_file: { to: 'track_file' } },
  global_defs: {
    lvs_id: { to: 'router_id' },
    lvs_flush_onstop: { to: 'lvs_flush_on_stop' },
    lvs_process_name: { to: 'checker_process_name' },
    enable_snmp_keepalived: { to: 'enable_snmp_vrrp' },
    vrrp_rlimit_rtime: { to: 'vrrp_rlimit_rttime' },
    checker_rlimit_rtime: { to: 'checker_rlimit_rttime' },
    bfd_rlimit_rtime: { to: 'bfd_rlimit_rttime' },
  },
};

/** Words whose effect is gone. */
const drops: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  virtual_server: { nat_mask: 'keepalived never used it' },
  global_defs: { plugin_dir: 'there are no plugins' },
};

const leftovers: Readonly<Record<string, string>> = {
  sync_instance: "make a 'vrrp_sync_group' of both instances",
  vrrp_iptables: "say 'nftables' to let keepalived make its own table",
  vrrp_ipsets: "say 'nftables' to let keepalived make its own table",
  linkbeat_use_polling: "list the interface under 'linkbeat_interfaces'",
  real_server_group: 'groups of real servers are gone',
  real_group: 'groups of real servers are gone',
};

export function migrateKeepalived(source: Source): Migration {
  return new KeepalivedMigration(source).run();
}

class KeepalivedMigration {
  private readonly source: Source;
  private readonly writer: MigrationWriter;
  private readonly blocks: OpenBlock[] = [];
  private statement: IToken[] = [];
  private globals: LineSite | null = null;
  private daemon: { readonly site: LineSite; readonly words: string } | null = null;
  private hasDaemon = false;

  constructor(source: Source) {
    this.source = source;
    this.writer = new MigrationWriter(source);
  }

  run(): Migration {
    const starts = lineStartsOf(this.source.text);
    let line = 0;
    for (const fileLine of parse(this.source).lines) {
      const site = siteOf(fileLine, line, this.source.text.length);
      if (fileLine.kind === 'text') this.readLine(fileLine, site);
      // A definition that goes on over several lines is one line of the tree.
      line += Math.max(1, fileLine.tokens.filter((token) => token.image.includes('\n')).length);
    }
    this.moveSyncDaemon();
    return this.writer.finish(starts);
  }

  private readLine(line: FileLine, site: LineSite): void {
    const changed = new Map<IToken, Rename>();
    const whole = line.tokens.some((token) => token.tokenType === Open || token.tokenType === Close);
    this.statement = [];
    for (const token of line.tokens) {
      if (token.tokenType === Open) this.open(site);
      else if (token.tokenType === Close) {
        this.blocks.pop();
        this.statement = [];
      } else if (token.tokenType === Word || token.tokenType === Quoted) {
        this.statement.push(token);
        if (this.statement.length === 1) this.readKeyword(token, line, site, whole, changed);
      }
    }
    if (this.statement.length > 0) this.lastStatement = this.statement;
    if (changed.size > 0) this.rewrite(line, site, changed);
  }

  /** The statement that a brace on a line of its own belongs to. */
  private lastStatement: IToken[] = [];

  private open(site: LineSite): void {
    const words = this.statement.length > 0 ? this.statement : this.lastStatement;
    const keyword = words[0]?.image ?? '';
    this.blocks.push({ keyword, name: words[1]?.image ?? '', site });
    if (keyword === 'global_defs' && this.blocks.length === 1) this.globals ??= site;
    this.statement = [];
  }

  private readKeyword(
    token: IToken,
    line: FileLine,
    site: LineSite,
    shared: boolean,
    changed: Map<IToken, Rename>,
  ): void {
    const word = token.image;
    const block = this.blocks.at(-1)?.keyword ?? '';
    const rename = renames[block]?.[word] ?? renames[ANY]?.[word];
    const drop = drops[block]?.[word];
    const inInstance = block === 'vrrp_instance';
    if (block === 'global_defs' && word === 'lvs_sync_daemon') this.hasDaemon = true;
    if (inInstance && /^lvs_sync_daemon_inte?r?face$/.test(word) && !shared) this.noteDaemon(line, site);
    else if (rename) changed.set(token, rename);
    else if (drop && !shared) this.writer.write(site, { kind: 'drop', why: drop });
    else if (drop) this.writer.write(site, { kind: 'left', why: `${drop}; it shares its line with a brace` });
    else if (leftovers[word] && ['vrrp_instance', 'global_defs', 'virtual_server', ''].includes(block)) {
      this.writer.write(site, { kind: 'left', why: leftovers[word] });
    }
  }

  private noteDaemon(line: FileLine, site: LineSite): void {
    const words = line.tokens.filter((token) => token.tokenType === Word || token.tokenType === Quoted);
    const instance = this.blocks.at(-1)!.name;
    if (this.daemon || words.length !== 2 || instance === '') {
      this.writer.write(site, { kind: 'left', why: "say 'lvs_sync_daemon INTERFACE INSTANCE' in global_defs" });
    } else this.daemon = { site, words: `lvs_sync_daemon ${words[1]!.image} ${instance}` };
  }

  /** The IPVS sync daemon is a setting of the whole program now. */
  private moveSyncDaemon(): void {
    if (!this.daemon) return;
    const { site, words } = this.daemon;
    if (!this.globals || this.hasDaemon) {
      this.writer.write(site, { kind: 'left', why: `say '${words}' in a global_defs block` });
      return;
    }
    const { start, end } = this.globals;
    const brace = this.source.text.slice(start, end);
    const lineEnd = brace.endsWith('\r\n') ? '\r\n' : '\n';
    if (!/\{[ \t]*\r?\n$/.test(brace)) {
      this.writer.write(site, { kind: 'left', why: `say '${words}' in the global_defs block` });
      return;
    }
    this.writer.write(site, { kind: 'drop', why: `'${words}' in global_defs says it` });
    this.writer.rewrite(this.globals, `${brace}    ${words}${lineEnd}`, {});
  }

  private rewrite(line: FileLine, site: LineSite, changed: ReadonlyMap<IToken, Rename>): void {
    const text = line.tokens.map((token) => changed.get(token)?.to ?? token.image).join('');
    const check = [...changed.values()].find((rename) => rename.check)?.check;
    this.writer.rewrite(site, text, check === undefined ? {} : { check });
  }
}

function siteOf({ tokens }: FileLine, line: number, length: number): LineSite {
  const start = tokens[0]?.startOffset ?? length;
  const solid = tokens.filter(({ tokenType }) => tokenType !== Blank && tokenType !== Newline && tokenType !== Comment);
  const last = tokens.at(-1);
  const end = last ? last.startOffset + last.image.length : start;
  const lastSolid = solid.at(-1);
  return {
    line,
    start,
    end,
    wordsStart: solid[0]?.startOffset ?? start,
    wordsEnd: lastSolid ? lastSolid.startOffset + lastSolid.image.length : start,
  };
}
