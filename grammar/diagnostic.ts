/**
 * What is wrong with the user's configuration: collected, never thrown.
 *
 * A code is a stable kebab-case word (`unknown-keyword`) that stands in `docs/`, in test fixtures and in
 * `# tandem: ignore` comments. `notCarriedOut` is the code for words that the parser knows and the program does not
 * carry out yet. Rendering (HAProxy style, keepalived style, pretty) is not done here: see `src/config/render.ts`.
 */
import type { Span } from './source.ts';

export type Severity = 'error' | 'warning' | 'notice';

export interface Note {
  readonly at?: Span;
  readonly message: string;
}

export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  /** Absent only when no file can be named (for example: no configuration given at all). */
  readonly at?: Span;
  readonly message: string;
  /** What would have been right here, as words: "a port from 1 to 65535". */
  readonly expected?: string;
  /** The nearest valid word, or the modern form. */
  readonly suggestion?: string;
  readonly notes?: readonly Note[];
}

/** The parser knows the word, the program does not act on it yet. Always a warning. */
export const NOT_CARRIED_OUT = 'not-carried-out';

/** Collects diagnostics of one load; the same object goes through all layers. */
export class Diagnostics {
  readonly list: Diagnostic[] = [];

  add(diagnostic: Diagnostic): void {
    this.list.push(diagnostic);
  }

  error(code: string, at: Span | undefined, message: string, more: Partial<Diagnostic> = {}): void {
    this.list.push({ code, severity: 'error', ...(at && { at }), message, ...more });
  }

  warning(code: string, at: Span | undefined, message: string, more: Partial<Diagnostic> = {}): void {
    this.list.push({ code, severity: 'warning', ...(at && { at }), message, ...more });
  }

  get hasErrors(): boolean {
    return this.list.some((d) => d.severity === 'error');
  }
}
