/**
 * `unique-id-format` and `unique-id-header` (manual, chapter 4.2): an id for every request, or for every session in mode
 * tcp, for log lines, for servers in a field of their own, and for PROXY protocol headers.
 *
 * It is made of a session's record as log lines are, when the request goes to its server and its head is at hand; for
 * those that get to none, when somebody first asks.
 */
import type { ProxyConf } from '../../config/haproxy.ts';
import type { Head } from '../../wire/http1-head.ts';
import type { Frontend } from '../frontend.ts';
import { compileLogFormat } from '../log/compile.ts';
import type { SessionRecord } from '../log/record.ts';
import type { SampleWorld } from '../sample/sample-world.ts';
import type { HttpStep, LineSink } from './http-steps.ts';
import type { Transaction } from './http-transaction.ts';

export interface UniqueIdFormat {
  readonly build: (record: SessionRecord) => string;
  /** Bits of log/needs.ts. */
  readonly needs: number;
}

export function prepareUniqueId(conf: ProxyConf, world: SampleWorld): UniqueIdFormat | null {
  return conf.uniqueId === null ? null : compileLogFormat(conf.uniqueId.format, world, conf, 'header');
}

/** Whoever knows what a record needs. */
export interface UniqueIdMaker {
  /** What is known while the request's head is at hand; good until the next record is asked for. `needs`: of log/needs.ts. */
  describeRequest(needs: number, head: Head, bytes: Uint8Array): SessionRecord;
  makeUniqueId(head: Head | null, bytes: Uint8Array): string;
}

class UniqueIdStep implements HttpStep {
  private readonly name: string | null;

  constructor(header: string | null) {
    this.name = header === null ? null : header.toLowerCase();
  }

  onRequest(transaction: Transaction, bytes: Uint8Array, head: Head, lines: LineSink): void {
    const id = transaction.idMaker!.makeUniqueId(head, bytes);
    transaction.notes!.uniqueId = id;
    if (this.name !== null) lines.add(Buffer.from(`${this.name}: ${id}\r\n`, 'latin1'));
  }
}

export function prepareUniqueIdSteps({ conf, uniqueId }: Frontend): readonly HttpStep[] {
  return uniqueId === null ? [] : [new UniqueIdStep(conf.uniqueId!.header)];
}
