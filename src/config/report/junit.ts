/**
 * JUnit's XML, which most build servers show: a test suite per file, a failed test case per error or warning, one that
 * succeeded for a file without any. Notices are in a file's `system-out`.
 */
import type { Diagnostic } from '../../../grammar/diagnostic.ts';

import { rangeOf, readable } from './place.ts';
import type { ReportInput } from './report.ts';

export function renderJunit({ diagnostics, files }: ReportInput): string[] {
  const byFile = new Map<string, Diagnostic[]>(files.map((file) => [file, []]));
  for (const diagnostic of diagnostics) {
    const file = diagnostic.at?.source.file ?? 'tandem';
    const list = byFile.get(file);
    if (list) list.push(diagnostic);
    else byFile.set(file, [diagnostic]);
  }
  const suites = [...byFile].map(([file, list]) => suiteOf(file, list));
  const tests = suites.reduce((sum, suite) => sum + suite.tests, 0);
  const failures = suites.reduce((sum, suite) => sum + suite.failures, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="tandem lint" tests="${tests}" failures="${failures}">`,
    ...suites.flatMap((suite) => suite.lines),
    '</testsuites>',
  ];
}

function suiteOf(file: string, list: readonly Diagnostic[]) {
  const failed = list.filter((diagnostic) => diagnostic.severity !== 'notice');
  const notices = list.filter((diagnostic) => diagnostic.severity === 'notice');
  const name = escapeXml(file);
  const cases =
    failed.length > 0
      ? failed.flatMap((one) => caseOf(name, one))
      : [`    <testcase classname="${name}" name="clean"/>`];
  const tests = Math.max(1, failed.length);
  return {
    tests,
    failures: failed.length,
    lines: [
      `  <testsuite name="${name}" tests="${tests}" failures="${failed.length}">`,
      ...cases,
      ...(notices.length > 0 ? [`    <system-out>${escapeXml(notices.map(sentenceOf).join('\n'))}</system-out>`] : []),
      '  </testsuite>',
    ],
  };
}

function caseOf(name: string, diagnostic: Diagnostic): string[] {
  const place = diagnostic.at ? ` line ${rangeOf(diagnostic.at).line}` : '';
  // A line end in an attribute would be read as a blank.
  const message = escapeXml(readable(diagnostic.message)).replaceAll('\n', '&#10;');
  return [
    `    <testcase classname="${name}" name="${escapeXml(diagnostic.code)}${place}">`,
    `      <failure type="${diagnostic.severity}" message="${message}">${escapeXml(sentenceOf(diagnostic))}</failure>`,
    '    </testcase>',
  ];
}

function sentenceOf({ code, message, at, expected, suggestion, notes = [] }: Diagnostic): string {
  const where = at ? `${at.source.file}:${rangeOf(at).line}:${rangeOf(at).column}: ` : '';
  const more = [
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(suggestion === undefined ? [] : [`instead: ${suggestion}`]),
    ...notes.map((note) => `note: ${note.message}`),
  ];
  return readable([`${where}${message} [${code}]`, ...more].join('\n'));
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 has no way to write are replaced. */
function escapeXml(text: string): string {
  return text
    .replace(/[&<>"]/g, (char) => entities[char]!)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd');
}
