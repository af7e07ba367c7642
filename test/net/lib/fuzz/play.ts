/**
 * What happens in one random exchange, as data: so that it can be printed, given twice, and taken apart to find its point.
 *
 * A client of one listener says its pieces; an origin answers requests in the order in which they reach it, over all of its
 * connections. A rival is a second client that is there first, for queues.
 */

/** Text goes out in one piece; a number is a pause in milliseconds. */
export type Said = string | number;

/** `answers`: waits until so many final answers have come, or the connection has ended. */
export type ClientStep = Said | 'fin!' | 'reset!' | { readonly answers: number };

export interface OriginAnswer {
  /** A whole request, the head of one, or the connection itself. */
  readonly on: 'request' | 'head' | 'connect';
  readonly says: readonly Said[];
  readonly end?: 'fin' | 'reset';
}

export interface Play {
  readonly at: string;
  readonly client: readonly ClientStep[];
  /** Behind the last one requests are answered plainly. */
  readonly origin: readonly OriginAnswer[];
  readonly rival?: string;
}

/** The same play on one line, for reports and for `FUZZ_PLAY`. */
export function printPlay(play: Play): string {
  return JSON.stringify(play);
}
