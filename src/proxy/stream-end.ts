/**
 * How a session ended, and HAProxy's two characters for it (manual 8.5): who ended it, and in which phase. Every way a
 * stream can end goes through `causeOf`.
 */
import type { DispatchFailure } from './server/dispatch.ts';

export type EndCause =
  | 'normal'
  | 'client-abort'
  | 'client-timeout'
  | 'server-abort'
  | 'server-timeout'
  | 'bad-request'
  | 'bad-response'
  | 'denied'
  | 'intercepted'
  | 'killed'
  | 'marked-down'
  | DispatchFailure;

/** R: waiting for a request, Q: in a queue, C: connecting, H: waiting for a response head, D: data, L: last data. */
export type Phase = 'R' | 'Q' | 'C' | 'H' | 'D' | 'L' | '-';

/** The first character. */
export function causeOf(cause: EndCause): string {
  switch (cause) {
    case 'normal':
      return '-';
    case 'client-abort':
      return 'C';
    case 'client-timeout':
      return 'c';
    case 'server-abort':
    case 'refused':
    case 'no-server':
    case 'queue-full':
      return 'S';
    case 'server-timeout':
    case 'connect-timeout':
    case 'queue-timeout':
      return 's';
    case 'bad-request':
    case 'bad-response':
    case 'denied':
      return 'P';
    case 'intercepted':
      return 'L';
    case 'killed':
      return 'K';
    case 'marked-down':
      return 'D';
    case 'resource':
      return 'R';
    case 'internal':
      return 'I';
  }
}

/** The phase in which a session without server connection failed. */
export function phaseOfFailure(cause: DispatchFailure): Phase {
  return cause === 'queue-timeout' || cause === 'queue-full' ? 'Q' : 'C';
}
