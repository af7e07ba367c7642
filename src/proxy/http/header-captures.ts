/**
 * `capture request header` and `capture response header` (manual, chapter 8.8): values that the log line shows between
 * braces, each cut to its length. Of several fields of one name the last one counts.
 */
import type { CaptureConf } from '../../config/persistence.ts';
import { asciiBytes } from '../../wire/http1-chars.ts';
import { FIELD_STRIDE, findField, type Head } from '../../wire/http1-head.ts';
import { latin1 } from '../../wire/latin1.ts';
import type { Frontend } from '../frontend.ts';
import type { HttpStep, LineSink } from './http-steps.ts';
import type { Transaction } from './http-transaction.ts';

export class HeaderCaptures {
  private readonly names: readonly Uint8Array[];
  private readonly lengths: readonly number[];

  constructor(confs: readonly CaptureConf[]) {
    this.names = confs.map(({ name }) => asciiBytes(name.toLowerCase()));
    this.lengths = confs.map(({ length }) => length);
  }

  take(bytes: Uint8Array, head: Head, values: (string | null)[]): void {
    for (let i = 0; i < this.names.length; i++) {
      values[i] = lastValue(bytes, head, this.names[i]!, this.lengths[i]!);
    }
  }
}

export function prepareHeaderCaptures(confs: readonly CaptureConf[]): HeaderCaptures | null {
  return confs.length === 0 ? null : new HeaderCaptures(confs);
}

function lastValue(bytes: Uint8Array, head: Head, name: Uint8Array, length: number): string | null {
  let value: string | null = null;
  for (let i = findField(bytes, head, name); i >= 0; i = findField(bytes, head, name, i + 1)) {
    const start = head.fields[FIELD_STRIDE * i + 2]!;
    const kept = Math.min(head.fields[FIELD_STRIDE * i + 3]! - start, length);
    value = latin1(bytes, start, start + kept);
  }
  return value;
}

/** Of responses: requests are noted before anything is done with them, whoever answers. */
class CaptureStep implements HttpStep {
  private readonly captures: HeaderCaptures;

  constructor(captures: HeaderCaptures) {
    this.captures = captures;
  }

  onResponse(transaction: Transaction, bytes: Uint8Array, head: Head, _lines: LineSink): void {
    this.captures.take(bytes, head, transaction.notes!.responseHeaders!);
  }
}

export function prepareCaptureSteps({ responseCaptures }: Frontend): readonly HttpStep[] {
  return responseCaptures === null ? [] : [new CaptureStep(responseCaptures)];
}
