/**
 * Findings for machines and logs: which formats there are, and what they are made from.
 *
 * JSON, SARIF, GitHub annotations and JUnit are for programs; `pretty`, `haproxy` and `keepalived` are for people, the
 * last two in the originals' line styles (`src/config/render.ts`, `render-keepalived.ts`).
 */
import { pid } from 'node:process';
import type { Diagnostic, Severity } from '../../../grammar/diagnostic.ts';
import { renderHaproxy, renderPretty } from '../render.ts';
import { renderKeepalived } from '../render-keepalived.ts';
import { renderGithub } from './github.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderSarif } from './sarif.ts';

export const FORMATS = ['pretty', 'json', 'sarif', 'github', 'junit', 'haproxy', 'keepalived'] as const;

export type Format = (typeof FORMATS)[number];

/** Everything a format may want to tell. */
export interface ReportInput {
  readonly diagnostics: readonly Diagnostic[];
  /** What the summary counts: the same, and what is not shown. */
  readonly counted: readonly Diagnostic[];
  /** Files read, in order. */
  readonly files: readonly string[];
  /** One line for a code of a lint rule, if it has one. */
  describe(code: string): string | undefined;
  readonly version: string;
}

export function renderReport(format: Format, input: ReportInput, color: boolean): string[] {
  switch (format) {
    case 'pretty':
      return [...renderPretty(input.diagnostics, { color }), summarize(input.counted, input.files)];
    case 'json':
      return renderJson(input);
    case 'sarif':
      return renderSarif(input);
    case 'github':
      return renderGithub(input);
    case 'junit':
      return renderJunit(input);
    case 'haproxy':
      return renderHaproxy(input.diagnostics, { pid, quietWarnings: false });
    case 'keepalived':
      return renderKeepalived(input.diagnostics);
  }
}

function summarize(list: readonly Diagnostic[], files: readonly string[]): string {
  const count = (severity: Severity) => list.filter((diagnostic) => diagnostic.severity === severity).length;
  const parts = (['error', 'warning', 'notice'] as const).map((severity) => plural(count(severity), severity));
  return `${plural(files.length, 'file')}: ${parts.join(', ')}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
