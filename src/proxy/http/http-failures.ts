/**
 * What becomes of an exchange when something goes wrong: another try, a page for the client, or an end in the middle
 * (manual: `retry-on`, `retries`, `option redispatch`; RFC 9110, 9.2.2; RFC 9112, 9.3.1).
 *
 * Before anything of a response went out the client can be told; afterwards what it got is all that it gets. A request
 * may be sent again if all of it is at hand and the configuration, or the death of a rested connection, allows it. Here
 * it is judged and counted; the exchange does it. One an exchange.
 */
import type { RetryOn } from '../../config/server-link.ts';
import type { Head } from '../../wire/http1-head.ts';
import { EREQ } from '../counter-layout.ts';
import { REUSE_LATER, REUSE_NONE } from '../server/server-attempt.ts';
import type { WorkerContext } from '../worker-context.ts';
import type { HttpExchange } from './http-exchange.ts';

export class HttpFailures {
  private readonly worker: WorkerContext;
  private readonly exchange: HttpExchange;

  constructor(exchange: HttpExchange, worker: WorkerContext) {
    this.exchange = exchange;
    this.worker = worker;
  }

  private get retryOn(): RetryOn {
    return this.exchange.frontend.backend!.conf.link.retryOn;
  }

  // ---- the client's side -------------------------------------------------------------------------------------------

  /** The client's connection is broken, or it left where it should not. */
  clientGone(): void {
    const { exchange } = this;
    const phase = exchange.currentPhase;
    // HAProxy's figures know of no abort before there was a connection.
    if (phase !== 'Q' && phase !== 'C') exchange.report.countClientAbort();
    exchange.breakOff('client-abort', phase);
  }

  /** It has ended its side, and does not want the answer any more (`option abortonclose`). */
  clientLeft(): void {
    this.exchange.report.countClientAbort();
    this.exchange.fail(400, 'client-abort', 'H');
  }

  clientTimedOut(): void {
    const { exchange } = this;
    if (exchange.awaitsAnswer) exchange.fail(408, 'client-timeout', 'D');
    else exchange.breakOff('client-timeout', 'D');
  }

  /** Broken chunks: nothing sensible can follow on either side. */
  badRequestBody(): void {
    const { exchange, worker } = this;
    worker.counters.add(exchange.frontend.row, EREQ, 1);
    if (exchange.awaitsAnswer) exchange.fail(400, 'bad-request', 'H');
    else exchange.breakOff('bad-request', 'D');
  }

  // ---- the server's side -------------------------------------------------------------------------------------------

  serverTimedOut(): void {
    const { exchange } = this;
    if (this.tryAgain(this.retryOn.responseTimeout)) return;
    exchange.report.countServerAbort(exchange.awaitsAnswer);
    if (exchange.awaitsAnswer) exchange.fail(504, 'server-timeout', 'H');
    else exchange.breakOff('server-timeout', 'D');
  }

  badResponse(): void {
    if (this.tryAgain(this.retryOn.junkResponse, true)) return;
    this.exchange.report.countBadResponse();
    this.exchange.fail(502, 'bad-response', 'H');
  }

  /** What the configuration does not let through. */
  refuseResponse(): void {
    this.exchange.report.countRefusedResponse();
    this.exchange.fail(502, 'denied', 'H');
  }

  badResponseBody(): void {
    this.exchange.report.countServerAbort(false);
    this.exchange.breakOff('server-abort', 'D');
  }

  /** The server's side broke or ended before it should. */
  serverGone(): void {
    const { exchange } = this;
    const hasReset = exchange.connection!.error !== 0;
    const { report, awaitsAnswer } = exchange;
    if (this.tryAgain(this.retryOn.emptyResponse, hasReset)) return;
    if (awaitsAnswer && (exchange.reused || !exchange.isFirst)) {
      this.repeatOrClose(!exchange.download.begun);
      return;
    }
    // HAProxy counts twice: a reset as it comes, and as the answer that does not; the rest of one as an abort as well.
    if (!awaitsAnswer || hasReset) report.countBadResponse();
    report.countServerAbort(awaitsAnswer);
    if (awaitsAnswer) exchange.fail(502, 'server-abort', 'H');
    else exchange.breakOff('server-abort', 'D');
  }

  // ---- another try -------------------------------------------------------------------------------------------------

  /**
   * A rested connection died under a request. What may be repeated is sent once more on a new connection, unless an answer
   * had begun; for the rest the client's connection closes without a word, so that the client decides.
   */
  private repeatOrClose(mayRepeat: boolean): void {
    const { exchange } = this;
    const { reused } = exchange;
    exchange.recall().discard();
    if (!mayRepeat || !reused || !exchange.upload.isRepeatable) {
      exchange.report.silent = true;
      exchange.breakOff('server-abort', 'H');
      return;
    }
    exchange.dispatch.again();
  }

  /** The whole request is at hand, and tries are left. */
  private get mayRepeat(): boolean {
    return this.exchange.upload.request !== null && this.exchange.dispatch.mayRepeat;
  }

  /**
   * `retry-on`: sends the request again if this failure is one of those and tries are left. `counts`: it counts as a
   * failed response all the same.
   */
  private tryAgain(isRetryable: boolean, counts = false): boolean {
    const { exchange } = this;
    if (!isRetryable || !exchange.awaitsAnswer || !this.mayRepeat) return false;
    if (counts) exchange.report.countBadResponse();
    exchange.recall().discard();
    exchange.dispatch.repeat(REUSE_NONE);
    return true;
  }

  /**
   * A response's head has come. True: it is one to try again after, and was dropped. `isWhole`: all of the response is
   * here, so that its connection may serve again.
   */
  dropsResponse(head: Head, isWhole: boolean): boolean {
    const { exchange } = this;
    const { afterSending, statuses } = this.retryOn;
    if (!afterSending || !statuses.includes(head.status)) return false;
    if (!isWhole || !head.keepAlive || !exchange.transaction.keepServer) return this.tryAgain(true);
    if (!this.mayRepeat) return false;
    exchange.dispatch.keep(exchange.recall());
    exchange.dispatch.repeat(REUSE_LATER);
    return true;
  }
}
