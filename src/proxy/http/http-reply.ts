/**
 * Answers of our own to a client in mode http: pages in a server's place, the statistics page, monitoring, refusals of
 * what is no request (manual, chapters 1.3.2, 4.2 `monitor-uri`, `errorfile`, `stats`).
 *
 * It settles what the answer means for the connection, counts it, hands it to the client's socket as that takes it and
 * tells its owner when it is out. One a client connection, made with the first answer of its kind: most connections
 * never need one. Not here: when such an answer is due, and what follows it (http-stream.ts).
 */
import { parseResponseHead } from '../../wire/http1.ts';
import { type Head, METHOD_HEAD } from '../../wire/http1-head.ts';
import { EREQ, INTERCEPTED } from '../counter-layout.ts';
import type { Frontend } from '../frontend.ts';
import type { Listener } from '../listener/listener.ts';
import { STATS_SERVER } from '../log/record.ts';
import { copyBytes } from '../loop/buffers.ts';
import type { SocketEnd } from '../loop/socket-end.ts';
import { answerStats } from '../stats/answer.ts';
import type { EndCause, Phase } from '../stream-end.ts';
import { BULK_SIZE, type WorkerContext } from '../worker-context.ts';
import { type ErrorPage, type ErrorStatus, unreadPage } from './errors.ts';
import type { HeaderCaptures } from './header-captures.ts';
import { withCases } from './header-cases.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { HttpInput } from './http-input.ts';
import type { HttpReport } from './http-report.ts';
import { requestLength, responseLength } from './http-rewrite.ts';

/** `method` of what could not be read. */
const NO_REQUEST = -1;
/** HAProxy counts the field `connection: close` in answers that it makes for a server. */
const COUNTED_CLOSE = 15;

const NOTHING = new Uint8Array(0);

export interface ReplyOwner {
  readonly exchange: HttpExchange;
  readonly report: HttpReport;
  countRequest(): void;
  /** An answer goes out from now on. */
  onReplyBegun(): void;
  /** All of it is out. */
  endRequest(cause: EndCause, phase: Phase): void;
  /** The client's connection broke on the way. */
  clientGone(): void;
}

export class HttpReply {
  private readonly worker: WorkerContext;
  private readonly frontend: Frontend;
  private readonly listener: Listener;
  private readonly client: SocketEnd;
  private readonly input: HttpInput;
  private readonly owner: ReplyOwner;
  /** The answer, how much of it went out, and what the log says of it. */
  private bytes: Uint8Array = NOTHING;
  private sent = 0;
  private cause: EndCause = 'normal';
  private phase: Phase = '-';

  constructor(
    worker: WorkerContext,
    frontend: Frontend,
    listener: Listener,
    client: SocketEnd,
    input: HttpInput,
    owner: ReplyOwner,
  ) {
    this.worker = worker;
    this.frontend = frontend;
    this.listener = listener;
    this.client = client;
    this.input = input;
    this.owner = owner;
  }

  // ---- to requests that get no server ------------------------------------------------------------------------------

  /** Its header names are not allowed here. */
  forbid(): void {
    this.owner.report.bytesIn += requestLength(this.input.head);
    if (!this.leaveBody()) return;
    this.countError();
    this.answer(403, this.frontend.pageFor(403, false), 'bad-request', 'R');
  }

  answerMonitor(): void {
    if (!this.leaveBody()) return;
    this.owner.report.silent = true;
    this.answer(200, this.frontend.pageFor(200, false), 'intercepted', 'R');
  }

  answerStats(): void {
    const { frontend, worker, owner } = this;
    const { bytes, head } = this.input;
    const closes = !owner.exchange.transaction.keepClient;
    const { loop, statsSource } = worker;
    worker.counters.add(frontend.row, INTERCEPTED, 1);
    const answered = answerStats(frontend.stats!, frontend.conf, bytes, head, statsSource, loop.wallMs, closes);
    if (!this.leaveBody()) return;
    owner.report.serverName = STATS_SERVER;
    owner.report.bytesIn += requestLength(head);
    // The page is a response like a server's, but for the one that asks for a password.
    const captures = answered.status === 401 ? null : frontend.responseCaptures;
    if (captures !== null) this.captureOf(answered.bytes, captures);
    this.send(answered.status, answered.bytes, 'intercepted', 'R');
  }

  private captureOf(page: Uint8Array, captures: HeaderCaptures): void {
    const { responseHead: head } = this.worker;
    if (parseResponseHead(page, 0, page.length, head) <= 0) return;
    captures.take(page, head, this.owner.exchange.transaction.notes!.responseHeaders!);
  }

  /** The frontend leads nowhere. */
  answerNoBackend(): void {
    this.owner.report.bytesIn += requestLength(this.input.head);
    if (!this.leaveBody()) return;
    this.answer(503, this.frontend.pageFor(503, false), 'no-server', 'C');
  }

  /**
   * Steps over the part of a body that is here; with the rest missing, the connection cannot be kept. False: it is broken,
   * and so it was no request.
   */
  private leaveBody(): boolean {
    const { input } = this;
    const { exchange, report } = this.owner;
    const bodyEnd = exchange.upload.body.take(input.bytes, input.head.end, input.end);
    if (bodyEnd < 0) {
      report.forgetRequest();
      this.refuse(400, 'bad-request', true);
      return false;
    }
    report.bytesIn += exchange.upload.body.content;
    if (!exchange.requestDone) exchange.transaction.keepClient = false;
    input.keep(bodyEnd);
    return true;
  }

  // ---- in a server's place -----------------------------------------------------------------------------------------

  /** The exchange with a server failed before anything of a response went out. */
  answerFailure(status: ErrorStatus, cause: EndCause, phase: Phase): void {
    const { exchange } = this.owner;
    if (!exchange.requestDone) exchange.upload.skim(this.client, this.worker);
    this.answer(status, this.frontend.pageFor(status, true), cause, phase);
  }

  /** `answer` is complete; the connection ends with it. */
  answerFor(status: number, answer: Uint8Array, phase: Phase): void {
    this.owner.report.bytesOut += COUNTED_CLOSE;
    this.send(status, answer, 'intercepted', phase);
  }

  // ---- refusals ----------------------------------------------------------------------------------------------------

  /**
   * Bytes that are no request: the page goes out as it is and the connection closes. `isCounted`: it was a request until
   * its body was looked at.
   */
  refuse(status: ErrorStatus, cause: EndCause, isCounted: boolean): void {
    const { frontend, owner } = this;
    owner.report.takeBadRequest();
    this.countRefusal(isCounted);
    const { exchange } = owner;
    exchange.leave();
    exchange.transaction.keepClient = false;
    exchange.transaction.method = NO_REQUEST;
    // A frontend in mode tcp takes whatever is no request for a bad one.
    const why = frontend.conf.mode === 'tcp' ? 'bad-request' : cause;
    if (frontend.pageFor(status, false).silent) this.endSilently(status, why, 'R');
    else this.send(status, unreadPage(status), why, 'R');
  }

  /** As `refuse`, for one who cannot be told. */
  abort(): void {
    this.owner.report.takeBadRequest();
    this.countRefusal(false);
    this.owner.report.takeAbortedRequest();
  }

  /** A request whose body is broken, or does not come in time. */
  refuseBody(status: 400 | 408, cause: EndCause): void {
    const { report, exchange } = this.owner;
    const { bytes, head, end } = this.input;
    report.forgetTime();
    exchange.upload.body.take(bytes, head.end, end);
    report.bytesIn += requestLength(head) + exchange.upload.body.content;
    this.countError();
    this.owner.exchange.transaction.keepClient = false;
    this.input.drop();
    this.answer(status, this.frontend.pageFor(status, false), cause, 'R');
  }

  /** HAProxy counts as a request whatever a client began, even if it sent nothing. */
  private countRefusal(isCounted: boolean): void {
    if (!isCounted) this.owner.countRequest();
    this.countError();
  }

  private countError(): void {
    const { counters } = this.worker;
    counters.add(this.frontend.row, EREQ, 1);
    counters.add(this.listener.row, EREQ, 1);
  }

  // ---- on its way --------------------------------------------------------------------------------------------------

  /** `status`: what it is about, for the log; that of the page may be another. */
  private answer(status: number, page: ErrorPage, cause: EndCause, phase: Phase): void {
    const { exchange, report } = this.owner;
    const { transaction } = exchange;
    if (!exchange.requestDone || this.worker.stopping || page.closes) transaction.keepClient = false;
    if (page.silent) {
      this.endSilently(status, cause, phase);
      return;
    }
    report.bytesOut += page.counted;
    const bodyless = transaction.method === METHOD_HEAD;
    this.send(status, page.write(transaction.requestVersion, transaction.keepClient, bodyless), cause, phase);
  }

  /** An empty error file: the connection closes without a word. */
  private endSilently(status: number, cause: EndCause, phase: Phase): void {
    this.owner.report.takeReply(status);
    this.owner.endRequest(cause, phase);
  }

  private send(status: number, bytes: Uint8Array, cause: EndCause, phase: Phase): void {
    const { worker, owner } = this;
    const { report, exchange } = owner;
    report.takeReply(status);
    // A page for what was no request does not count and is sent as it is written, as in HAProxy.
    const isRequest = exchange.transaction.method !== NO_REQUEST;
    if (isRequest) report.bytesOut += answerLength(bytes, worker.responseHead);
    const { clientCases } = this.frontend;
    this.bytes = clientCases === null || !isRequest ? bytes : withCases(clientCases, bytes);
    this.sent = 0;
    this.cause = cause;
    this.phase = phase;
    owner.onReplyBegun();
    this.goOn();
  }

  /** As much as the client takes. */
  goOn(): void {
    const { client, bytes } = this;
    const { out } = this.worker;
    while (this.sent < bytes.length && client.accepting) {
      const end = Math.min(bytes.length, this.sent + BULK_SIZE);
      copyBytes(out.bytes, 0, bytes, this.sent, end);
      if (!client.write(out.bytes, out.address, 0, end - this.sent)) {
        this.owner.clientGone();
        return;
      }
      this.sent = end;
    }
    if (this.sent < bytes.length || !client.drained) return;
    this.bytes = NOTHING;
    this.owner.endRequest(this.cause, this.phase);
  }
}

function answerLength(bytes: Uint8Array, head: Head): number {
  return parseResponseHead(bytes, 0, bytes.length, head) > 0 ? responseLength(head) + bytes.length - head.end : 0;
}
