/**
 * `# tandem: ignore CODE [CODE...]`: a finding that has been looked at and is meant.
 *
 * Behind a line it holds for that line, alone on a line for the next line that says something. keepalived.conf may use
 * `!` as well. Only warnings and the findings of lint rules can be ignored; a file that cannot be read stays an error.
 * A comment that names a code which nothing reports there says so, so that old ones do not pile up.
 */
import type { Diagnostic } from '../../../grammar/diagnostic.ts';
import { positionOf, type Source, type Span } from '../../../grammar/source.ts';
import { nearestWord } from '../../../grammar/spelling.ts';

interface IgnoredCode {
  readonly code: string;
  readonly at: Span;
  readonly line: number;
}

const comment = /(^|[ \t])[#!][ \t]*tandem:[ \t]*ignore[ \t]+([^\r\n]*)$/;

/** The diagnostics that are left, and one for every comment that has no effect. */
export function applyIgnores(
  list: readonly Diagnostic[],
  sources: readonly Source[],
  ruleCodes: ReadonlySet<string>,
): Diagnostic[] {
  const ignores = new Map(sources.map((source) => [source.file, ignoresIn(source)]));
  const used = new Set<IgnoredCode>();
  const kept = list.filter((diagnostic) => {
    const { at, code, severity } = diagnostic;
    if (!at || (severity === 'error' && !ruleCodes.has(code))) return true;
    const { line } = positionOf(at.source, at.start);
    const match = ignores.get(at.source.file)?.filter((one) => one.line === line && one.code === code) ?? [];
    for (const one of match) used.add(one);
    return match.length === 0;
  });
  // A rule may be silent for want of the other file; any other code has to match.
  const useless = [...ignores.values()].flat().filter((one) => !used.has(one) && !ruleCodes.has(one.code));
  return [...kept, ...useless.map((one) => describe(one, ruleCodes, list))];
}

function describe({ code, at }: IgnoredCode, ruleCodes: ReadonlySet<string>, list: readonly Diagnostic[]): Diagnostic {
  const suggestion = nearestWord(code, [...ruleCodes, ...list.map((diagnostic) => diagnostic.code)]);
  return {
    code: 'useless-ignore',
    severity: 'warning',
    at,
    message: `nothing with the code '${code}' is reported here, so there is nothing to ignore`,
    ...(suggestion !== undefined && suggestion !== code && { suggestion }),
  };
}

function ignoresIn(source: Source): IgnoredCode[] {
  if (!source.text.includes('tandem:')) return [];
  const found: IgnoredCode[] = [];
  const lines = source.text.split('\n');
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const match = comment.exec(line);
    if (match) {
      const alone = line.slice(0, match.index).trim() === '';
      const target = alone ? nextLine(lines, index) : index;
      found.push(...codesOf(source, start + match.index + match[0].length - match[2]!.length, match[2]!, target + 1));
    }
    start += line.length + 1;
  }
  return found;
}

/** The next line that is neither blank nor a comment. */
function nextLine(lines: readonly string[], index: number): number {
  let next = index + 1;
  while (next < lines.length && /^\s*(?:[#!].*)?$/.test(lines[next]!)) next++;
  return next;
}

function codesOf(source: Source, offset: number, text: string, line: number): IgnoredCode[] {
  return [...text.matchAll(/[^\s,]+/g)].map((match) => {
    const start = offset + match.index;
    return { code: match[0], line, at: { source, start, end: start + match[0].length } };
  });
}
