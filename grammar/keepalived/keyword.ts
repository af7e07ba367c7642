/**
 * Keyword rows: what may stand in a block of keepalived.conf, and what each word takes.
 *
 * A `Table` is one kind of block; a `Row` is one word in it. The rows say everything else: parsing, "not allowed
 * here", "did you mean", the printed reference. A row that is carried out has an `apply` that stores into the node
 * and does nothing else; one without is known to the parser and warns `not-carried-out`. To add a word, add a row to
 * the file in `keywords/` that has its block.
 *
 *     word('priority', integer(1, 255), (node, value) => { node.priority = value; }, { doc, accept, reject })
 *     known('nftables', optional(name), { doc, since: '2.0.11' })
 *
 * Readers (`readers.ts`) turn words into values and report what is wrong with them.
 */
import type { Arguments } from './arguments.ts';
import type { Block, Statement } from './ast.ts';
import type { Context } from './context.ts';

export interface Reader<T> {
  /** How the manual would write it: `1..255`, `address [port]`. */
  readonly takes: string;
  /** Undefined after a reported error. */
  read(args: Arguments): T | undefined;
}

/** Parts that keepalived may be built without. */
export type Build = 'bfd' | 'dbus' | 'snmp' | 'iptables' | 'linkbeat';

export interface RowFacts {
  /** One line, a sentence without its full stop. */
  readonly doc: string;
  readonly since?: string;
  readonly deprecated?: string;
  /** keepalived takes the deprecated word without a message. */
  readonly silent?: boolean;
  readonly removed?: string;
  /** The part of keepalived that brings the word. */
  readonly build?: Build;
  /** What keepalived makes of the bare word: by default it stops reading there. */
  readonly missing?: 'error' | 'ignored';
  /** keepalived refuses further words instead of ignoring them. */
  readonly exact?: boolean;
  /** The word to use today. */
  readonly modern?: string;
  /** Accepted and without effect in every version; its arguments are checked only to match keepalived's verdict. */
  readonly inert?: boolean;
  /** Lines that must be read without a diagnostic. */
  readonly accept?: readonly string[];
  /** Lines that must give this code. */
  readonly reject?: readonly (readonly [line: string, code: string])[];
}

export interface Row<Node> extends RowFacts {
  readonly name: string;
  readonly takes: string;
  readonly shape: 'word' | 'block' | 'list';
  readonly carried: boolean;
  /** What stands in the block; null for a list of free lines and for a word. */
  readonly table: Table<never> | null;
  lower(node: Node, statement: Statement, context: Context): void;
}

export interface Table<Node> {
  readonly name: string;
  readonly rows: ReadonlyMap<string, Row<Node>>;
}

export function table<Node>(name: string, rows: readonly Row<Node>[]): Table<Node> {
  return { name, rows: new Map(rows.map((row) => [row.name, row])) };
}

/** A word with arguments that is carried out. */
export function word<Node, T>(
  name: string,
  reader: Reader<T>,
  apply: (node: Node, value: T, statement: Statement) => void,
  facts: RowFacts,
): Row<Node> {
  return {
    ...facts,
    name,
    takes: reader.takes,
    shape: 'word',
    carried: true,
    table: null,
    lower(node, statement, context) {
      const value = context.readArguments(reader, statement, facts);
      if (value !== undefined) apply(node, value, statement);
    },
  };
}

/** A word that is read and checked but not acted on (yet); `store` keeps what checks across keywords need. */
export function known<Node, T = unknown>(
  name: string,
  reader: Reader<T>,
  facts: RowFacts,
  store?: (node: Node, value: T) => void,
): Row<Node> {
  return {
    ...facts,
    name,
    takes: reader.takes,
    shape: 'word',
    carried: false,
    table: null,
    lower(node, statement, context) {
      context.notCarriedOut(statement, facts);
      const value = context.readArguments(reader, statement, facts);
      if (value !== undefined) store?.(node, value);
    },
  };
}

/** A word whose value is kept in the node as it is, for records, and not acted on yet. */
export function kept<Node, Key extends keyof Node>(
  name: string,
  key: Key,
  reader: Reader<Node[Key] & {}>,
  facts: RowFacts,
): Row<Node> {
  return known<Node, Node[Key] & {}>(name, reader, facts, (node, value) => {
    node[key] = value;
  });
}

/** A block of keywords. `open` makes the node that the rows inside fill; null skips the block. */
export function block<Node, Head, Child>(
  name: string,
  reader: Reader<Head>,
  open: (node: Node, head: Head, statement: Statement, context: Context) => Child | null,
  inside: Table<Child>,
  facts: RowFacts & {
    readonly carried?: boolean;
    readonly end?: (child: Child, context: Context, at: Statement) => void;
  },
): Row<Node> {
  const carried = facts.carried ?? true;
  return {
    ...facts,
    name,
    takes: reader.takes,
    shape: 'block',
    carried,
    table: inside as Table<never>,
    lower(node, statement, context) {
      if (!carried) context.notCarriedOut(statement, facts);
      const head = context.readArguments(reader, statement, facts);
      if (head === undefined) return;
      const child = open(node, head, statement, context);
      if (child === null) return;
      const lowerInside = () => context.lowerBlock(inside, child, statement.block);
      if (carried) lowerInside();
      else context.quietly(lowerInside);
      facts.end?.(child, context, statement);
    },
  };
}

/** A block of free lines: addresses, tracked objects, names. */
export function list<Node>(
  name: string,
  apply: (node: Node, entries: Block, context: Context, statement: Statement) => void,
  facts: RowFacts & {
    readonly takes?: string;
    readonly carried?: boolean;
    /** A name stands before the brace. */
    readonly named?: boolean;
  },
): Row<Node> {
  const carried = facts.carried ?? true;
  return {
    ...facts,
    name,
    takes: facts.takes ?? '',
    shape: 'list',
    carried,
    table: null,
    lower(node, statement, context) {
      if (!carried) context.notCarriedOut(statement, facts);
      const extra = statement.words[facts.named ? 2 : 1];
      if (extra) context.error('block-arguments', extra, `Block ${name} has extra parameters ${extra.text} ...`);
      const entries = statement.block ?? { statements: [], start: statement.end, end: statement.end };
      for (const entry of entries.statements) {
        if (entry.block) context.error('unexpected-brace', entry.block, `a '{' has no place in ${name}`);
      }
      apply(node, entries, context, statement);
    },
  };
}

/** A list that is not carried out. */
export function knownList<Node>(name: string, facts: RowFacts & { readonly takes?: string }): Row<Node> {
  return list<Node>(name, () => {}, { ...facts, carried: false });
}
