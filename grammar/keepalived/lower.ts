/**
 * A whole keepalived.conf: expand, read the blocks, fill the nodes.
 *
 * The entry point of the grammar. Gives always a document, however broken the text: what could not be read is in the
 * diagnostics and left out.
 */
import type { Diagnostics } from '../diagnostic.ts';
import type { Source, Span } from '../source.ts';
import type { Block } from './ast.ts';
import { readBlocks } from './blocks.ts';
import { Context, type Release } from './context.ts';
import { type ExpandOptions, expand } from './expand.ts';
import type { Table } from './keyword.ts';
import { root } from './keywords/root.ts';
import { type DocumentNode, emptyDocument } from './nodes.ts';

export interface KeepalivedDocument {
  readonly main: Source;
  readonly document: DocumentNode;
  readonly tree: Block;
  readonly context: Context;
  /** Names of the files read, in order. */
  readonly files: readonly string[];
  /** The path on the line that included a file. */
  readonly includedAt: ReadonlyMap<Source, Span>;
}

export interface ReadOptions extends ExpandOptions {
  /** The keepalived whose verdict is asked for; null: every word of every version is known. */
  readonly release: Release | null;
}

export function readKeepalived(
  source: Source,
  identity: string,
  options: ReadOptions,
  diagnostics: Diagnostics,
): KeepalivedDocument {
  const { text, files, includedAt } = expand(source, identity, options, diagnostics);
  const context = new Context(text, diagnostics, homes(), options.release);
  const tree = readBlocks(text.text, root as Table<never>, context);
  const document = emptyDocument();
  context.lowerBlock(root, document, tree);
  return { main: source, document, tree, context, files, includedAt };
}

let homesOfWords: Map<string, string[]> | undefined;

/** For every keyword the blocks it may stand in, to say so when it stands elsewhere. */
function homes(): ReadonlyMap<string, readonly string[]> {
  if (homesOfWords) return homesOfWords;
  homesOfWords = new Map();
  const seen = new Set<Table<never>>();
  const queue: Table<never>[] = [root as Table<never>];
  for (let table = queue.pop(); table; table = queue.pop()) {
    if (seen.has(table)) continue;
    seen.add(table);
    for (const row of table.rows.values()) {
      const where = table.name === 'root' ? 'top level' : table.name;
      const known = homesOfWords.get(row.name);
      if (known) known.push(where);
      else homesOfWords.set(row.name, [where]);
      if (row.table) queue.push(row.table);
    }
  }
  return homesOfWords;
}
