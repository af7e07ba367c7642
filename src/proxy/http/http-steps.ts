/**
 * What a configuration wants done with the heads that pass, beside what every message gets: a list that is made once a
 * frontend, null when nothing is configured.
 *
 * `onRequest` sees the head as the client sent it, before a server is chosen; it may drop fields (`removeField`), give
 * them other values (`replaceValue`), add lines, and note in the transaction what is needed later. `onResponse` does the
 * same with the server's answer. Both run in the order of the list; what is added stands behind the message's own
 * fields, in that order too.
 */
import type { Head } from '../../wire/http1-head.ts';
import type { Frontend } from '../frontend.ts';
import type { ClientAddress } from '../listener/client-address.ts';
import { prepareCookieSteps } from '../persistence/cookie-steps.ts';
import type { Server } from '../server/server.ts';
import { ForwardedStep } from './forwarded.ts';
import { prepareCaptureSteps } from './header-captures.ts';
import type { Transaction } from './http-transaction.ts';
import { prepareUniqueIdSteps } from './unique-id.ts';

/** Takes whole lines, with their line ends. */
export interface LineSink {
  add(line: Uint8Array): void;
}

export interface HttpStep {
  onRequest?(transaction: Transaction, bytes: Uint8Array, head: Head, lines: LineSink, address: ClientAddress): void;
  onResponse?(transaction: Transaction, bytes: Uint8Array, head: Head, lines: LineSink, server: Server): void;
}

export interface HttpSteps {
  readonly request: readonly HttpStep[] | null;
  readonly response: readonly HttpStep[] | null;
}

/** The place where features that look at heads come in. */
export function prepareSteps(frontend: Frontend): HttpSteps {
  const steps: HttpStep[] = [
    ...prepareCaptureSteps(frontend),
    ...prepareCookieSteps(frontend),
    ...prepareUniqueIdSteps(frontend),
    ...(frontend.forwarded === null ? [] : [new ForwardedStep(frontend.forwarded)]),
  ];
  return {
    request: nullIfEmpty(steps.filter((step) => step.onRequest !== undefined)),
    response: nullIfEmpty(steps.filter((step) => step.onResponse !== undefined)),
  };
}

function nullIfEmpty(steps: readonly HttpStep[]): readonly HttpStep[] | null {
  return steps.length === 0 ? null : steps;
}
