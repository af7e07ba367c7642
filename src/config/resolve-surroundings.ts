/** What every part of resolving haproxy.cfg is given, and the small conversions that most of them need. */
import type { Diagnostics } from '../../grammar/diagnostic.ts';
import { positionOf, type Span, toUtf8 } from '../../grammar/source.ts';
import type { Place } from './haproxy.ts';
import type { ReleaseDefaults } from './release-defaults.ts';

export interface FoundHost {
  readonly host: string;
  readonly family: 4 | 6;
}

/** Finds the address of a host name, or null. 'assumed': the name stands for itself until the program runs. */
export type LookUp = (name: string) => FoundHost | 'assumed' | null;

/** What a file holds, as Latin-1; null: taken for granted. */
export type ReadText = (path: string) => { readonly text: string } | 'unreadable' | null;

export interface ResolveOptions {
  readonly diagnostics: Diagnostics;
  readonly lookUp: LookUp;
  readonly readText: ReadText;
  /** The name of a proxy in TCP mode that the release asked for has of its own; it wins over a backend of the file. */
  readonly ownProxy?: string;
  /** How many threads there are when `nbthread` does not say; 1 unless given. */
  readonly threads?: number;
  /** Those of HAProxy 3.2 and before unless given. */
  readonly defaults?: ReleaseDefaults;
}

export function placeOf(at: Span): Place {
  return { file: at.source.file, line: positionOf(at.source, at.start).line };
}

export function utf8OrNull(text: string | undefined): string | null {
  return text === undefined ? null : toUtf8(text);
}

/** Numbers not taken by anybody, ascending. What has a number of its own takes its turn all the same, as in the original. */
export class IdGiver {
  private candidate: number;
  private readonly taken: ReadonlySet<number>;

  constructor(first: number, taken: ReadonlySet<number>) {
    this.candidate = first;
    this.taken = taken;
  }

  give(own: number | undefined): number {
    while (own === undefined && this.taken.has(this.candidate)) this.candidate++;
    const next = this.candidate++;
    return own ?? next;
  }
}
