/**
 * The findings as one JSON document.
 *
 *     { "version": "0.1.0", "files": ["haproxy.cfg"], "counts": { "error": 0, "warning": 1, "notice": 0 },
 *       "diagnostics": [{ "code", "severity", "message", "file", "line", "column", "endLine", "endColumn", ... }] }
 *
 * Lines and columns count from 1; `endColumn` is behind the last character. `offset` and `length` are bytes.
 */
import type { Diagnostic, Note, Severity } from '../../../grammar/diagnostic.ts';

import { rangeOf, readable } from './place.ts';
import type { ReportInput } from './report.ts';

export function renderJson({ diagnostics, files, version }: ReportInput): string[] {
  const count = (severity: Severity) => diagnostics.filter((one) => one.severity === severity).length;
  const counts = { error: count('error'), warning: count('warning'), notice: count('notice') };
  return [JSON.stringify({ version, files, counts, diagnostics: diagnostics.map(toRecord) }, null, 2)];
}

function toRecord({ code, severity, message, at, expected, suggestion, notes }: Diagnostic) {
  return {
    code,
    severity,
    message: readable(message),
    ...(at && rangeOf(at)),
    ...(expected !== undefined && { expected: readable(expected) }),
    ...(suggestion !== undefined && { suggestion: readable(suggestion) }),
    ...(notes && notes.length > 0 && { notes: notes.map(noteRecord) }),
  };
}

function noteRecord({ message, at }: Note) {
  return { message: readable(message), ...(at && rangeOf(at)) };
}
