/**
 * `option http-buffer-request`: a request goes to a server once all of its body is here, or as much as fits a buffer
 * (manual, chapter 4.2).
 *
 * The bytes wait with their head (http-input.ts); what is here reads them and looks for the end. A client that waits to
 * be asked for its body (RFC 9110, 10.1.1) is asked by the proxy, and the server no more. One a client connection, made
 * with its first request. Not here: the time that a body may take, and what follows (http-stream.ts).
 */
import { EXPECT, type Head, removeField } from '../../wire/http1-head.ts';
import type { Deferred } from '../loop/loop.ts';
import { BROKEN, END, type SocketEnd } from '../loop/socket-end.ts';
import type { WorkerContext } from '../worker-context.ts';
import { BodyMeter } from './http-body.ts';
import type { HttpInput } from './http-input.ts';
import type { HttpReport } from './http-report.ts';

const BODY_WAITS = 0;
const BODY_HERE = 1;
const BODY_BROKEN = -1;

const READS_A_TURN = 8;
const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
/** As HAProxy counts it in its internal form. */
const COUNTED_CONTINUE = 40;

export interface BodyWaitOwner extends Deferred {
  readonly report: HttpReport;
  /** The body has begun and is not here: the wait begins. */
  onBodyAwaited(): void;
  /** More has to come from the client. */
  acknowledge(): void;
  /** It is here, or fills the buffer. */
  forward(): void;
  onBodyBroken(): void;
  clientGone(): void;
}

export class BodyWait {
  private readonly worker: WorkerContext;
  private readonly client: SocketEnd;
  private readonly input: HttpInput;
  private readonly owner: BodyWaitOwner;
  private readonly meter = new BodyMeter();
  /** How many bytes behind the head were looked at. */
  private looked = 0;

  constructor(worker: WorkerContext, client: SocketEnd, input: HttpInput, owner: BodyWaitOwner) {
    this.worker = worker;
    this.client = client;
    this.input = input;
    this.owner = owner;
  }

  /** For the request at hand, whose head is read. */
  begin(): void {
    const { input, owner } = this;
    this.setMeter(input.head);
    const state = this.look();
    if (state === BODY_HERE || (state === BODY_WAITS && input.full)) {
      owner.forward();
      return;
    }
    input.holdRequest();
    owner.onBodyAwaited();
    if (state === BODY_BROKEN) owner.onBodyBroken();
    else if (input.head.expectContinue && !this.invite()) owner.clientGone();
    else {
      owner.acknowledge();
      if (this.client.readable) this.goOn();
    }
  }

  private setMeter(head: Head): void {
    this.looked = 0;
    if (head.chunked) this.meter.setChunked();
    else if (head.contentLength > 0) this.meter.setLength(head.contentLength);
    else this.meter.setNone();
  }

  /** At what has come since the last look. */
  private look(): number {
    const { meter } = this;
    const { head, bytes, end } = this.input;
    const bodyEnd = meter.take(bytes, head.end + this.looked, end);
    this.looked = end - head.end;
    return bodyEnd < 0 ? BODY_BROKEN : meter.done ? BODY_HERE : BODY_WAITS;
  }

  /** The client waits to be told that its body is wanted; the server is not asked any more. */
  private invite(): boolean {
    const { head } = this.input;
    const { out } = this.worker;
    out.bytes.set(CONTINUE);
    this.owner.report.bytesOut += COUNTED_CONTINUE;
    for (let i = head.count - 1; i >= 0; i--) if (head.ids[i] === EXPECT) removeField(head, i);
    head.expectContinue = false;
    return this.client.write(out.bytes, out.address, 0, CONTINUE.length);
  }

  /** The client has sent something. */
  goOn(): void {
    const { input, client, owner } = this;
    for (let reads = 0; client.readable; reads++) {
      if (reads === READS_A_TURN) {
        this.worker.loop.defer(owner);
        return;
      }
      const n = input.read(client);
      if (n === END || n === BROKEN) owner.clientGone();
      if (n <= 0) return;
      const state = this.look();
      if (state === BODY_BROKEN) owner.onBodyBroken();
      else if (state === BODY_HERE || input.full) owner.forward();
      else continue;
      return;
    }
  }
}
