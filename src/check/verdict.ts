/** What one check found, and how the two kinds of probe are called. The codes are HAProxy's. */
import type { ServerLink } from '../config/server-link.ts';
import type { CheckCode } from '../ipc/messages.ts';

export interface Verdict {
  readonly code: CheckCode;
  /** HTTP status of the response, 0 when there was none. */
  readonly status: number;
  /** What HAProxy puts behind `info:`, or empty. */
  readonly text: string;
}

/** Where a check connects to. The host is an IP literal. */
export type Destination =
  | {
      readonly kind: 'ip';
      readonly host: string;
      readonly port: number;
      /** How connections to the server are made; null: plainly. */
      readonly link: ServerLink | null;
    }
  | { readonly kind: 'unix'; readonly path: string };

/** How long a check may take. */
export interface Limits {
  /** Until the connection stands. */
  readonly connectMs: number;
  /** From then on; null: `connectMs` bounds the whole check. */
  readonly readMs: number | null;
}

/**
 * Starts one check and returns what cancels it. `finish` is called exactly once, never before the probe returned, and
 * not at all after a cancellation.
 */
export type Probe = (to: Destination, limits: Limits, finish: (verdict: Verdict) => void) => () => void;

export function makeVerdict(code: CheckCode, text = '', status = 0): Verdict {
  return { code, status, text };
}

export function isPass(code: CheckCode): boolean {
  return code === 'L4OK' || code === 'L6OK' || code === 'L7OK' || code === 'L7OKC';
}

/** Longest text that is kept of a response, in bytes: HAProxy's `HCHK_DESC_LEN`. */
const textLimit = 127;

/** Text from a response's bytes, cut to what HAProxy keeps. */
export function readText(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, textLimit)).toString('utf8');
}
