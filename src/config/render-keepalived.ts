/**
 * Diagnostics in keepalived's own line style.
 *
 *     (keepalived.conf: Line 12) Unknown keyword 'prioritty' - did you mean 'priority'? (column 5)
 *
 * keepalived names the file only when it has read several, or in its children; here it is always named, and the
 * column is added behind. The sentences follow keepalived's where it has one, so that tools that look for them find
 * them. Warnings say so, since keepalived has only one weight.
 */
import type { Diagnostic, Note } from '../../grammar/diagnostic.ts';
import { positionOf } from '../../grammar/source.ts';

export function renderKeepalived(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(renderLine);
}

function renderLine(diagnostic: Diagnostic): string {
  const { at, severity, suggestion, expected } = diagnostic;
  const message = printable(diagnostic.message);
  const weight = severity === 'error' || /\bwarning\b/i.test(message) ? '' : `${severity}: `;
  const hints = [
    suggestion === undefined ? '' : ` - did you mean '${printable(suggestion)}'?`,
    expected === undefined || suggestion !== undefined ? '' : ` - expected ${printable(expected)}`,
    ...(diagnostic.notes ?? []).map(renderNote),
  ].join('');
  if (!at) return `${weight}${message}${hints}`;
  const { line, column } = positionOf(at.source, at.start);
  return `(${at.source.file}: Line ${line}) ${weight}${message}${hints} (column ${column})`;
}

function renderNote({ at, message }: Note): string {
  if (!at) return `, ${message}`;
  const { line, column } = positionOf(at.source, at.start);
  return `, ${message}: ${at.source.file} line ${line} column ${column}`;
}

const LONGEST_MESSAGE = 300;

/** One line, without control characters, of a length that a log takes. */
function printable(text: string): string {
  const cut = text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}...` : text;
  return cut.replace(/[\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
