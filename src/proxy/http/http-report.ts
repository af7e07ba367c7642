/**
 * What is known of the request under way for the counters and the log line: when each step was reached, how much went
 * by, which server it was. One a client connection, used for one request after another.
 */
import type { SocketAddress } from '../../os/address.ts';
import { localAddress } from '../../os/socket.ts';
import type { Head } from '../../wire/http1-head.ts';
import { CLI_ABRT, DRESP, ERESP, HRSP, REQ_TOT, SRV_ABRT } from '../counter-layout.ts';
import type { Frontend } from '../frontend.ts';
import type { ClientAddress } from '../listener/client-address.ts';
import type { Listener } from '../listener/listener.ts';
import { type LogStep, STEP_ACCEPT, STEP_CLOSE, STEP_CONNECT, STEP_RESPONSE } from '../log/line-forms.ts';
import { NEEDS_SOURCE } from '../log/needs.ts';
import { BAD_REQUEST, isErroneous, NO_SERVER, requestLine, SessionRecord } from '../log/record.ts';
import { fillFacts } from '../log/session-facts.ts';
import type { Dispatch } from '../server/dispatch.ts';
import type { Server } from '../server/server.ts';
import { causeOf, type EndCause, type Phase } from '../stream-end.ts';
import type { WorkerContext } from '../worker-context.ts';
import { fillNothing, type RequestNotes } from './request-notes.ts';
import type { UniqueIdMaker } from './unique-id.ts';

/** One a thread: filled and read within one call. */
const record = new SessionRecord();

const NO_BYTES = new Uint8Array(0);
/** Requests that ended without any answer are counted with the responses of other classes. */
const NO_STATUS = 0;

export class HttpReport implements UniqueIdMaker {
  /** The first byte of a request has come. */
  begun = false;
  /** Not one byte came of what should have been a request. */
  private nothing = false;
  bytesIn = 0;
  bytesOut = 0;
  /** Instead of a server's name. */
  serverName: string | null = null;
  enteredBackend = false;
  /** No log line: a monitor asked. */
  silent = false;
  private readonly worker: WorkerContext;
  private readonly frontend: Frontend;
  private readonly listener: Listener;
  private readonly address: ClientAddress;
  private readonly fd: number;
  private dispatch!: Dispatch;
  private notes: RequestNotes | null = null;
  /** When the connection was accepted, or the last answer was out. */
  private acceptedAt: number;
  /** When the next request could begin: idle time counts from then. */
  private idleSince: number;
  private line = '';
  private status = -1;
  private server: Server | null = null;
  private serverSessions = 0;
  private beganAt = 0;
  private readAt = 0;
  private connectedAt = 0;
  private answeredAt = 0;
  private source: SocketAddress | null = null;
  private number = 0;
  /** Answered on this connection. */
  private requests = 0;

  constructor(worker: WorkerContext, frontend: Frontend, listener: Listener, address: ClientAddress, fd: number) {
    this.worker = worker;
    this.frontend = frontend;
    this.listener = listener;
    this.address = address;
    this.fd = fd;
    this.acceptedAt = address.preamble?.acceptedAt ?? worker.loop.now;
    this.idleSince = worker.loop.now;
  }

  /** Where to look while a request is under way. */
  follow(dispatch: Dispatch, notes: RequestNotes | null): void {
    this.dispatch = dispatch;
    this.notes = notes;
  }

  begin(): void {
    this.begun = true;
    this.nothing = false;
    this.beganAt = this.worker.loop.now;
    this.readAt = 0;
    this.connectedAt = 0;
    this.answeredAt = 0;
    this.line = BAD_REQUEST;
    this.status = -1;
    this.server = null;
    this.serverName = null;
    this.source = null;
    this.number = 0;
    this.dispatch.reset();
    this.notes?.reset();
    if (this.frontend.log.steps !== 0) this.logStep(STEP_ACCEPT);
  }

  takeRequest(line: string): void {
    this.line = line;
    this.readAt = this.worker.loop.now;
    this.number = this.worker.numberRequest();
  }

  takeBadRequest(): void {
    const nothing = !this.begun;
    if (nothing) this.begin();
    this.nothing = nothing;
    this.number = this.worker.numberRequest();
  }

  /** What looked like a request turns out to be none: HAProxy finds that before it notes anything of it. */
  forgetRequest(): void {
    this.line = BAD_REQUEST;
    this.bytesIn = 0;
    this.readAt = 0;
  }

  /** A request whose body did not come was never complete. */
  forgetTime(): void {
    this.readAt = 0;
  }

  /** The client's connection broke before a request was complete. */
  takeAbortedRequest(): void {
    this.takeReply(400);
    this.end('client-abort', 'R');
  }

  connected(fd: number): void {
    this.connectedAt = this.worker.loop.now;
    const { log } = this.frontend;
    if ((log.needs & NEEDS_SOURCE) !== 0) {
      const source = localAddress(fd);
      this.source = typeof source === 'number' ? null : source;
    }
    if (log.steps !== 0) this.logStep(STEP_CONNECT);
  }

  /** Servers' responses are counted with those that only announce another. */
  takeInterim(): void {
    const { server } = this.dispatch;
    if (server !== null) this.countResponse(server, 1);
  }

  takeResponse(status: number): void {
    this.status = status;
    this.answeredAt = this.worker.loop.now;
    const { server } = this.dispatch;
    if (server !== null) this.countResponse(server, classOf(status));
    this.countStatus(status);
  }

  private countResponse({ row }: Server, which: number): void {
    const { counters } = this.worker;
    counters.add(row, HRSP + which, 1);
    counters.add(row, REQ_TOT, 1);
  }

  /** An answer of our own. */
  takeReply(status: number): void {
    this.status = status;
    this.countStatus(status);
  }

  private countStatus(status: number): void {
    const { counters } = this.worker;
    const { backend, row } = this.frontend;
    counters.add(row, HRSP + classOf(status), 1);
    if (this.enteredBackend) counters.add(backend!.row, HRSP + classOf(status), 1);
  }

  /** The session leaves its server: remembered for the log. */
  leaveServer(server: Server | null): void {
    if (server === null) return;
    this.countTraffic();
    this.server = server;
    this.serverSessions = Math.max(0, this.worker.sessionsOf(server) - (this.dispatch.holdsPlace ? 1 : 0));
    // What was not answered has no times, in HAProxy's averages.
    if (this.connectedAt === 0 || this.answeredAt === 0) return;
    const { counters, loop } = this.worker;
    const waited = this.dispatch.assignedAt - this.dispatch.startedAt;
    const connecting = this.connectedAt - this.dispatch.assignedAt;
    const response = this.answeredAt - this.connectedAt;
    const total = loop.now - this.beganAt;
    counters.time(server.row, waited, connecting, response, total);
    counters.time(this.frontend.backend!.row, waited, connecting, response, total);
  }

  /** Before anything of its response went out, it is a failed response; an abort later on. */
  countServerAbort(beforeAnswer: boolean): void {
    this.countAtBackend(beforeAnswer ? ERESP : SRV_ABRT);
  }

  countClientAbort(): void {
    this.countAtBackend(CLI_ABRT);
  }

  countBadResponse(): void {
    this.countAtBackend(ERESP);
  }

  countRefusedResponse(): void {
    const { frontend, worker, dispatch } = this;
    worker.counters.add(frontend.row, DRESP, 1);
    this.countAtBackend(DRESP);
    const server = dispatch.server?.conf.name ?? NO_SERVER;
    const message = `Blocking cacheable cookie in response from instance ${frontend.backend!.conf.name}, server ${server}.`;
    frontend.log.alert(message);
  }

  private countAtBackend(counter: number): void {
    const { counters } = this.worker;
    if (this.enteredBackend) counters.add(this.frontend.backend!.row, counter, 1);
    if (this.dispatch.server !== null) counters.add(this.dispatch.server.row, counter, 1);
  }

  countTraffic(): void {
    const { countedIn, countedOut } = this;
    if (this.bytesIn === countedIn && this.bytesOut === countedOut) return;
    this.countedIn = this.bytesIn;
    this.countedOut = this.bytesOut;
    this.worker.countTraffic(
      this.frontend,
      this.listener.row,
      // A page in place of a server's answer counts as its.
      this.dispatch.server ?? this.server,
      this.bytesIn - countedIn,
      this.bytesOut - countedOut,
    );
  }
  private countedIn = 0;
  private countedOut = 0;

  end(cause: EndCause, phase: Phase): void {
    this.countTraffic();
    if (this.status < 0 && this.line !== BAD_REQUEST) this.countStatus(NO_STATUS);
    if (this.frontend.log.enabled && !this.silent) this.writeLog(cause, phase, STEP_CLOSE);
    this.silent = false;
    if (this.enteredBackend) this.worker.counters.leaveRow(this.frontend.backend!.row);
    this.enteredBackend = false;
    this.begun = false;
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.countedIn = 0;
    this.countedOut = 0;
    this.requests++;
    this.acceptedAt = this.worker.loop.now;
    this.idleSince = this.worker.loop.now;
  }

  /**
   * The answer begins, and everything is known that the line shows; the end of the request leaves none then. `added`: by
   * how many bytes the head that goes out is longer than the one that came, which HAProxy shows here only.
   */
  logEarly(added: number): void {
    const { log, conf } = this.frontend;
    if (!log.isEarly || !log.enabled || this.silent) return;
    this.bytesOut += added;
    this.writeLog('normal', '-', STEP_RESPONSE);
    this.bytesOut -= added;
    // What is normal so far leaves no line with `dontlog-normal`, and may yet go wrong.
    this.silent = log.steps === 0 && (!conf.dontlogNormal || isErroneous(record));
  }

  /** Of `log-steps`; what comes later is not known yet. */
  logStep(step: LogStep): void {
    if (!this.silent) this.writeLog('normal', '-', step);
  }

  /** `head`: of the request, as long as it is at hand. */
  makeUniqueId(head: Head | null, bytes: Uint8Array): string {
    const { build, needs } = this.frontend.uniqueId!;
    const r = this.describeRequest(needs, head, bytes);
    const id = build(r);
    r.requestHead = null;
    return id;
  }

  describeRequest(needs: number, head: Head | null, bytes: Uint8Array): SessionRecord {
    const { frontend, listener, notes, address, fd } = this;
    const r = record;
    this.fill(r, 'normal', '-', false);
    listener.describe(r, address, fd, needs);
    this.fillCustom(r, null);
    // With its head at hand it is on its way to the backend.
    if (head !== null && frontend.backend !== null) {
      r.backend = frontend.backend.conf.name;
      r.backendConf = frontend.backend.conf;
    }
    notes?.fill(r, notes.bound);
    // Without a log nobody has taken note of it.
    if (head !== null && this.line === '') r.request = requestLine(bytes, head, this.worker.uriLimit);
    r.requestHead = head;
    r.requestBytes = bytes;
    return r;
  }

  private writeLog(cause: EndCause, phase: Phase, step: LogStep): void {
    const { frontend, notes } = this;
    const early = step === STEP_CONNECT || step === STEP_RESPONSE;
    if (frontend.uniqueId !== null && this.line !== BAD_REQUEST) notes!.uniqueId ??= this.makeUniqueId(null, NO_BYTES);
    const r = record;
    const server = this.fill(r, cause, phase, early);
    if (frontend.log.isCustom) this.fillCustom(r, server, early);
    frontend.log.write(r, this.nothing, step);
  }

  private fill(r: SessionRecord, cause: EndCause, phase: Phase, early: boolean): Server | null {
    const { dispatch, frontend, worker } = this;
    const server = this.server ?? dispatch.server ?? dispatch.waitedFor;
    r.early = frontend.conf.logasap;
    this.listener.describe(r, this.address, this.fd);
    r.mode = 'http';
    r.acceptedAtMs = worker.loop.wallAt(this.acceptedAt);
    r.requestAtMs = worker.loop.wallAt(this.beganAt);
    // What never came to a backend is the frontend's own, in HAProxy's lines.
    r.backend = this.enteredBackend ? frontend.backend!.conf.name : frontend.conf.name;
    r.server = this.serverName ?? server?.conf.name ?? NO_SERVER;
    const lost = frontend.conf.kind === 'frontend' && frontend.backend === null && this.serverName === null;
    r.requestMs = lost ? -1 : span(this.beganAt, this.readAt);
    r.waitMs =
      dispatch.assignedAt === 0 ? (this.serverName === null ? -1 : 0) : span(dispatch.startedAt, dispatch.assignedAt);
    r.connectMs =
      this.connectedAt === 0 ? (this.serverName === null ? -1 : 0) : span(dispatch.assignedAt, this.connectedAt);
    r.responseMs =
      this.answeredAt === 0 ? (this.serverName === null ? -1 : 0) : span(this.connectedAt, this.answeredAt);
    r.totalMs = span(this.beganAt, worker.loop.now);
    r.status = this.status;
    r.bytes = this.bytesOut;
    r.cause = causeOf(cause);
    r.phase = phase;
    r.request = this.line;
    if (this.notes === null || this.line === BAD_REQUEST) fillNothing(r);
    else this.notes.fill(r, dispatch.bound === null ? server : this.notes.bound);
    // The frontend's own answers have nothing to do with the backend's cookie.
    if (!this.enteredBackend && frontend.backend?.conf !== frontend.conf) r.cookieStates = '--';
    worker.fillConnections(r, frontend, dispatch);
    if (!this.enteredBackend) r.beconn = worker.sessionsBeside(frontend);
    if (early) {
      r.beconn++;
      r.srvconn++;
    } else if (this.server !== null) r.srvconn = this.serverSessions;
    return server;
  }

  /** For formats of the user's own. */
  private fillCustom(r: SessionRecord, server: Server | null, early = false): void {
    const { frontend, listener, address, source } = this;
    // What could not be read never became a session.
    const own = this.line === BAD_REQUEST ? null : frontend.conf;
    const backend = this.enteredBackend ? frontend.backend!.conf : own;
    fillFacts(r, { frontend, listener, address, backend, server, source });
    r.idleMs = Math.max(0, this.beganAt - this.idleSince);
    // HAProxy counts what came in when the request is over.
    r.bytesIn = early ? 0 : this.bytesIn;
    r.requestNumber = this.number;
    r.isFirst = this.requests === 0;
    if (this.requests > 0) r.handshakeMs = 0;
  }
}

function span(from: number, to: number): number {
  return to === 0 ? -1 : Math.max(0, to - from);
}

/** 1 to 5 for 1xx to 5xx, else 0. */
function classOf(status: number): number {
  return status >= 100 && status < 600 ? Math.floor(status / 100) : 0;
}
