/** A unified diff (as `diff -u` prints it) from the edits of a migration; no comparison is needed. */
import { type LineEdit, lineStartsOf, type Migration } from './migration.ts';

const CONTEXT = 3;

interface Hunk {
  readonly edits: LineEdit[];
  first: number;
  last: number;
}

/** The lines of the diff, without line ends; none when nothing was changed. */
export function unifiedDiff({ source, edits }: Migration): string[] {
  if (edits.length === 0) return [];
  const old = splitLines(source.text);
  const lines = [`--- ${source.file}`, `+++ ${source.file}`];
  let grown = 0;
  for (const hunk of hunksOf(edits, old.length)) {
    const body = printHunk(hunk, old);
    const oldCount = hunk.last - hunk.first + 1;
    const newCount = oldCount + body.grown;
    lines.push(`@@ -${range(hunk.first, oldCount)} +${range(hunk.first + grown, newCount)} @@`, ...body.lines);
    grown += body.grown;
  }
  return lines;
}

function hunksOf(edits: readonly LineEdit[], count: number): Hunk[] {
  const hunks: Hunk[] = [];
  for (const edit of edits) {
    const first = Math.max(0, edit.line - CONTEXT);
    const last = Math.min(count - 1, edit.line + CONTEXT);
    const before = hunks.at(-1);
    if (before && first <= before.last + 1) {
      before.edits.push(edit);
      before.last = last;
    } else hunks.push({ edits: [edit], first, last });
  }
  return hunks;
}

function printHunk(hunk: Hunk, old: readonly string[]): { lines: string[]; grown: number } {
  const lines: string[] = [];
  let added: string[] = [];
  let grown = 0;
  const byLine = new Map(hunk.edits.map((edit) => [edit.line, edit]));
  for (let at = hunk.first; at <= hunk.last; at++) {
    const edit = byLine.get(at);
    if (!edit) {
      lines.push(...added, ...marked(' ', old[at]!));
      added = [];
      continue;
    }
    const fresh = splitLines(edit.text);
    grown += fresh.length - 1;
    lines.push(...marked('-', old[at]!));
    added.push(...fresh.flatMap((line) => marked('+', line)));
  }
  lines.push(...added);
  return { lines, grown };
}

function marked(mark: string, line: string): string[] {
  return line.endsWith('\n') ? [`${mark}${line.slice(0, -1)}`] : [`${mark}${line}`, '\\ No newline at end of file'];
}

function range(first: number, count: number): string {
  return count === 1 ? `${first + 1}` : `${count === 0 ? first : first + 1},${count}`;
}

function splitLines(text: string): string[] {
  const starts = lineStartsOf(text);
  return starts.map((start, index) => text.slice(start, starts[index + 1] ?? text.length));
}
