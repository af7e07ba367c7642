/**
 * Lines that start with a dot: conditional blocks and messages (manual, chapter 2.4). One object follows one file, as
 * blocks cannot reach over its end. Inside a block that is left out only the nesting is followed; nothing else of it
 * is looked at, so that text of another release may stand there.
 */
import type { Diagnostics } from '../diagnostic.ts';
import type { Source, Span } from '../source.ts';
import { type Line, spanOf } from './ast.ts';
import { type ConditionFacts, evaluateCondition } from './condition.ts';
import type { Language } from './keyword.ts';
import { decodeWord, type Environment } from './words.ts';

/**
 * Where a block stands: its branch is read; an earlier branch was; none was so far; the whole block is inside a branch
 * that is left out.
 */
type BlockState = 'reading' | 'done' | 'waiting' | 'dead';

interface Block {
  state: BlockState;
  sawElse: boolean;
  readonly at: Span;
}

const names = new Set(['.if', '.elif', '.else', '.endif', '.notice', '.warning', '.alert', '.diag']);

/** What conditions may ask of this program. */
export function conditionFacts(env: Environment, language: Language): ConditionFacts {
  return {
    env,
    version: [...language.release, 0],
    opensslVersion: (process.versions.openssl ?? '3.0.0').split('.').map((part) => Number.parseInt(part, 10)),
    features: new Set(['EPOLL', 'SPLICE', 'GETADDRINFO', 'LINUX_TPROXY', 'THREAD']),
    enabled: new Set(['EPOLL', 'SPLICE', 'GETADDRINFO', 'REUSEPORT']),
  };
}

export class Directives {
  /** An `.alert` or a broken condition: nothing after it in this file is read. */
  stopped = false;
  private readonly blocks: Block[] = [];
  private readonly source: Source;
  private readonly diagnostics: Diagnostics;
  private readonly facts: ConditionFacts;

  constructor(source: Source, env: Environment, language: Language, diagnostics: Diagnostics) {
    this.source = source;
    this.diagnostics = diagnostics;
    this.facts = conditionFacts(env, language);
  }

  /** Are lines read here? */
  get active(): boolean {
    return this.blocks.every((block) => block.state === 'reading');
  }

  /** Takes a line that starts with a dot. False: no directive, an ordinary line. */
  take(line: Line): boolean {
    const name = line.words[0]!.raw;
    if (!names.has(name)) return false;
    const at = spanOf(this.source, line.words[0]!);
    if (name === '.if') this.blocks.push({ state: this.active ? 'waiting' : 'dead', sawElse: false, at });
    if (name === '.if' || name === '.elif') this.enterBranch(name, line, at);
    else if (name === '.else') this.enterElse(at);
    else if (name === '.endif') this.leave(at);
    else if (this.active) this.say(name, line, at);
    return true;
  }

  /** Reports blocks left open at the end of the file. */
  close(): void {
    for (const block of this.blocks)
      this.diagnostics.error('unclosed-if', block.at, "missing '.endif' at end of file.");
  }

  private enterBranch(name: '.if' | '.elif', line: Line, at: Span): void {
    const block = this.blocks[this.blocks.length - 1];
    if (!block || block.sawElse) {
      this.diagnostics.error('lone-elif', at, `lone '${name}' with no matching '.if'.`);
      return;
    }
    if (block.state === 'reading') block.state = 'done';
    if (block.state !== 'waiting') return;
    if (this.evaluate(name, line, at)) block.state = 'reading';
  }

  private evaluate(name: string, line: Line, at: Span): boolean {
    const end = line.comment >= 0 ? line.comment : line.end;
    const written = this.source.text.slice(at.end, end);
    const text = written.trim();
    if (text === '') return false;
    const value = evaluateCondition(text, this.facts);
    if (typeof value === 'boolean') return value;
    const start = at.end + written.indexOf(text) + value.at;
    this.diagnostics.error('bad-condition', { source: this.source, start, end }, `${value.problem} in '${name}'.`);
    this.stopped = true;
    return false;
  }

  private enterElse(at: Span): void {
    const block = this.blocks[this.blocks.length - 1];
    if (!block || block.sawElse) {
      this.diagnostics.error('lone-else', at, "lone '.else' with no matching '.if'.");
      return;
    }
    block.sawElse = true;
    if (block.state === 'reading') block.state = 'done';
    else if (block.state === 'waiting') block.state = 'reading';
  }

  private leave(at: Span): void {
    if (!this.blocks.pop()) this.diagnostics.error('lone-endif', at, "lone '.endif' with no matching '.if'.");
  }

  private say(name: string, line: Line, at: Span): void {
    const words = line.words.slice(1).flatMap((word) => {
      const decoded = decodeWord(word.raw, this.facts.env);
      return 'problem' in decoded ? [word.raw] : decoded;
    });
    const message = `'${words.join(' ')}'.`;
    if (name === '.alert') {
      this.diagnostics.error('alert', at, message);
      this.stopped = true;
    } else if (name === '.warning') {
      this.diagnostics.warning('user-warning', at, message);
    } else if (name === '.notice') {
      this.diagnostics.add({ code: 'user-notice', severity: 'notice', at, message });
    }
  }
}
