/** Lines of `track_script` and `track_interface`: a name, perhaps with a weight of its own. */
import type { Block, Statement } from '../ast.ts';
import type { Context } from '../context.ts';
import type { TrackNode } from '../nodes.ts';

export function readTracked(block: Block, context: Context, what: string, limit: number): TrackNode[] {
  return block.statements.flatMap((statement) => readTrackedLine(statement, context, what, limit));
}

function readTrackedLine(statement: Statement, context: Context, what: string, limit: number): TrackNode[] {
  const [name, ...words] = statement.words;
  if (!name) return [];
  let weight: number | undefined;
  let reverse = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const value = words[i + 1];
    if (word.text === 'weight' && value) {
      weight = readWeight(value.text, limit);
      if (weight === undefined) {
        context.error('out-of-range', value, `weight '${value.text}' must be between [-${limit}..${limit}] inclusive`, {
          expected: `-${limit} to ${limit}`,
        });
      }
      i++;
    } else if (word.text === 'reverse') reverse = true;
    else if (word.text !== 'noreverse' && word.text !== 'no_reverse') {
      context.error('unknown-option', word, `unknown ${what} option ${word.text} - ignoring`, {
        expected: 'weight NUMBER [reverse]',
      });
    }
  }
  return [{ name, ...(weight !== undefined && { weight, reverse }) }];
}

function readWeight(text: string, limit: number): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const weight = Number(text);
  return Math.abs(weight) <= limit ? weight : undefined;
}
