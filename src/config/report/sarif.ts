/**
 * SARIF 2.1.0 (OASIS), as code scanning services take it: one run, one rule per code that was reported, one result per
 * diagnostic. Paths stay as they were given, percent-encoded; relative ones are relative to `%SRCROOT%`.
 */
import type { Diagnostic, Severity } from '../../../grammar/diagnostic.ts';
import type { Span } from '../../../grammar/source.ts';
import { rangeOf, readable } from './place.ts';
import type { ReportInput } from './report.ts';

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  notice: 'note',
};

export function renderSarif(input: ReportInput): string[] {
  const codes = [...new Set(input.diagnostics.map((diagnostic) => diagnostic.code))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'tandem',
            version: input.version,
            rules: codes.map((code) => ruleOf(code, input.describe(code))),
          },
        },
        columnKind: 'utf16CodeUnits',
        artifacts: [...new Set(input.files)].map((file) => ({ location: artifactOf(file) })),
        results: input.diagnostics.map((diagnostic) => resultOf(diagnostic, codes.indexOf(diagnostic.code))),
      },
    ],
  };
  return [JSON.stringify(log, null, 2)];
}

function ruleOf(code: string, description: string | undefined) {
  return { id: code, ...(description !== undefined && { shortDescription: { text: description } }) };
}

function resultOf({ code, severity, message, at, expected, suggestion, notes = [] }: Diagnostic, ruleIndex: number) {
  const hints = [
    expected === undefined ? [] : [`Expected: ${expected}.`],
    suggestion === undefined ? [] : [`Instead: ${suggestion}.`],
    notes.filter((note) => !note.at).map((note) => `Note: ${note.message}.`),
  ].flat();
  const related = notes.flatMap((note, id) =>
    note.at ? [{ id, ...locationOf(note.at), message: { text: readable(note.message) } }] : [],
  );
  return {
    ruleId: code,
    ruleIndex,
    level: levels[severity],
    message: { text: readable([sentence(message), ...hints].join(' ')) },
    ...(at && { locations: [locationOf(at)] }),
    ...(related.length > 0 && { relatedLocations: related }),
  };
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

function locationOf(at: Span) {
  const { line, column, endLine, endColumn } = rangeOf(at);
  const region = { startLine: line, startColumn: column, endLine, endColumn };
  // A file that could not be read has no lines.
  const isEmpty = at.source.text === '';
  return { physicalLocation: { artifactLocation: artifactOf(at.source.file), ...(!isEmpty && { region }) } };
}

function artifactOf(file: string) {
  const uri = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? { uri: `file://${uri}` } : { uri, uriBaseId: '%SRCROOT%' };
}
