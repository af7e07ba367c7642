/**
 * Workflow commands of GitHub Actions, one line per diagnostic: the runner makes annotations of them.
 *
 *     ::warning file=haproxy.cfg,line=3,endLine=3,col=5,endColumn=9,title=unused-acl::message
 *
 * `%`, carriage returns and line ends are escaped everywhere, `:` and `,` in properties as well.
 */
import type { Diagnostic } from '../../../grammar/diagnostic.ts';

import { rangeOf, readable } from './place.ts';
import type { ReportInput } from './report.ts';

export function renderGithub({ diagnostics }: ReportInput): string[] {
  return diagnostics.map(commandOf);
}

function commandOf({ code, severity, message, at, expected, suggestion, notes = [] }: Diagnostic): string {
  const properties: (readonly [string, string | number])[] = [];
  if (at) {
    const { file, line, endLine, column, endColumn } = rangeOf(at);
    properties.push(['file', file], ['line', line], ['endLine', endLine]);
    // Columns are only allowed within one line.
    if (line === endLine) properties.push(['col', column], ['endColumn', endColumn]);
  }
  properties.push(['title', code]);
  const text = [
    message,
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(suggestion === undefined ? [] : [`instead: ${suggestion}`]),
    ...notes.map((note) => `note: ${note.message}`),
  ].join('\n');
  const list = properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',');
  return `::${severity} ${list}::${escapeData(readable(text))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
