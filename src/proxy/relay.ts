/**
 * Bytes both ways between a client and a server, until both have said FIN and all is delivered, or one of them breaks:
 * the data phase of mode tcp, and what an HTTP connection becomes after an upgrade.
 *
 * What one side does not take stops the reading of the other. A FIN is passed on when the bytes before it are, and
 * with them in one packet when both came together. Directions that bring much may be spliced (splicing.ts).
 */
import type { Deferred } from './loop/loop.ts';
import { BROKEN, END, type SocketEnd, UNSUITABLE } from './loop/socket-end.ts';
import { SPLICE_PATIENCE, SPLICE_REQUEST, SPLICE_RESPONSE, SPLICE_SIZE, SPLICE_WORTH } from './splicing.ts';
import { BULK_SIZE, type WorkerContext } from './worker-context.ts';

export interface RelayOwner {
  /** A side that resets behind its last bytes has ended as if in order, as HAProxy has it in mode tcp. */
  readonly bearsResets: boolean;
  onRelayed(fromClient: boolean, bytes: number): void;
  /** One side has said all: its `-fin` timeout holds from now on. */
  onRelayFin(): void;
  /** `broken`: which end, null when all was delivered. */
  onRelayEnd(broken: SocketEnd | null): void;
}

/** Reads of one direction before others get their turn. */
const READS_A_TURN = 8;

export class Relay implements Deferred {
  private readonly worker: WorkerContext;
  private readonly client: SocketEnd;
  private readonly server: SocketEnd;
  private readonly owner: RelayOwner;
  private over = false;
  /** It was reset, and what it sent before is on its way. */
  private broken: SocketEnd | null = null;
  /** Who is to be told that the other side has said all, and in how many turns. */
  private finDue: SocketEnd | null = null;
  private finTurns = 0;

  /** Of SPLICE_REQUEST and SPLICE_RESPONSE: which direction may be spliced, and which is at the moment. */
  private readonly mayStream: number;
  private streams = 0;
  /** How often in a row little came while splicing. */
  private littles = 0;

  /** `splice`: directions that may be spliced while they bring much. */
  constructor(worker: WorkerContext, client: SocketEnd, server: SocketEnd, owner: RelayOwner, splice = 0) {
    this.worker = worker;
    this.client = client;
    this.server = server;
    this.owner = owner;
    this.mayStream = worker.pipes === null ? 0 : splice;
  }

  /** Something happened on one of the ends. */
  onEnd(end: SocketEnd): void {
    if (end.error !== 0 && this.broken === null) this.salvage(end);
    else this.move();
  }

  move(): void {
    const { client, server, broken } = this;
    if (broken !== null) {
      this.passRest(broken);
      this.finishBroken(broken);
      return;
    }
    if (client.readable && server.accepting) this.pump(client, server, SPLICE_REQUEST);
    if (!this.over && server.readable && client.accepting) this.pump(server, client, SPLICE_RESPONSE);
    if (!this.over && client.ended && server.ended) this.finishIfDelivered();
  }

  onTurn(): void {
    if (this.over) return;
    if (this.finDue !== null && this.finTurns-- === 0) {
      this.finDue.finish();
      this.finDue = null;
      this.owner.onRelayFin();
    } else {
      if (this.finDue !== null) this.worker.loop.defer(this);
      this.move();
    }
  }

  /** Nothing more is read from an end that was silent for too long: to the other one it has said all. */
  giveUp(end: SocketEnd): void {
    const other = this.otherOf(end);
    end.ended = true;
    if (!end.drained) this.finish(null);
    else this.passFin(end, other);
  }

  /** The owner ends it: nothing more is reported. */
  stop(): void {
    this.over = true;
  }

  /** What came before a reset is passed on. */
  private salvage(end: SocketEnd): void {
    const passed = this.passRest(end);
    if (this.over) return;
    if (passed === 0 && !end.readable) {
      this.finish(end);
      return;
    }
    this.broken = end;
    this.finishBroken(end);
  }

  /** A write told of a reset before the loop did: there may be bytes that nobody has heard of yet. */
  private salvageUnseen(end: SocketEnd): void {
    end.readable = true;
    this.salvage(end);
  }

  /** How many bytes went on. */
  private passRest(end: SocketEnd): number {
    const other = this.otherOf(end);
    const { scratch } = this.worker;
    let passed = 0;
    // After its FIN nothing is left of it, and the other side, which was told so, takes nothing more.
    if (end.ended) end.readable = false;
    while (end.readable && other.accepting) {
      const n = end.read(scratch.address, BULK_SIZE);
      if (n <= 0) break;
      passed += n;
      this.owner.onRelayed(end === this.client, n);
      if (!other.write(scratch.bytes, scratch.address, 0, n)) break;
    }
    return passed;
  }

  private finishBroken(end: SocketEnd): void {
    const other = this.otherOf(end);
    if (other.error !== 0) this.finish(other);
    else if (!end.readable && other.drained) this.finish(this.owner.bearsResets ? null : end);
  }

  private otherOf(end: SocketEnd): SocketEnd {
    return end === this.client ? this.server : this.client;
  }

  private pump(from: SocketEnd, to: SocketEnd, direction: number): void {
    if (this.streams & direction) this.splice(from, to, direction);
    else this.copy(from, to, direction);
  }

  private copy(from: SocketEnd, to: SocketEnd, direction: number): void {
    const { scratch } = this.worker;
    for (let reads = 0; from.readable && to.accepting; reads++) {
      if (reads === READS_A_TURN) {
        this.worker.loop.defer(this);
        return;
      }
      const n = from.read(scratch.address, BULK_SIZE);
      if (n === BROKEN) this.finish(from);
      else if (n === END) this.passFin(from, to);
      if (n <= 0) return;
      this.owner.onRelayed(from === this.client, n);
      const last = from.ended && from.error === 0;
      if (!to.write(scratch.bytes, scratch.address, 0, n, last)) this.salvageUnseen(to);
      else if (last) this.passLastFin(from, to);
      else if (n < BULK_SIZE || !(this.mayStream & direction)) continue;
      else {
        this.streams |= direction;
        this.littles = 0;
        this.splice(from, to, direction);
      }
      return;
    }
  }

  /** Goes back to copying when little comes: a splice takes two calls and a pipe. */
  private splice(from: SocketEnd, to: SocketEnd, direction: number): void {
    let moved = 0;
    for (let reads = 0; from.readable && to.accepting; reads++) {
      if (reads === READS_A_TURN) {
        this.worker.loop.defer(this);
        return;
      }
      const n = to.spliceFrom(from, this.worker.pipes!, SPLICE_SIZE);
      if (n === UNSUITABLE) {
        this.streams &= ~direction;
        this.worker.loop.defer(this);
        return;
      }
      if (n === BROKEN) this.finish(from);
      else if (n === END) this.passFin(from, to);
      if (n < 0) return;
      if (n > 0) this.owner.onRelayed(from === this.client, n);
      moved += n;
      if (to.error !== 0) {
        this.finish(to);
        return;
      }
    }
    if (from.readable) return;
    this.littles = moved < SPLICE_WORTH ? this.littles + 1 : 0;
    if (this.littles === SPLICE_PATIENCE) this.streams &= ~direction;
  }

  /** One side has said all. When the other has as well, closing says it; else it is told. */
  private passFin(from: SocketEnd, to: SocketEnd): void {
    from.readable = false;
    if (to.ended) {
      this.finishIfDelivered();
      return;
    }
    this.owner.onRelayFin();
    // Many a peer closes by itself when it has the last bytes: a look at the events first may save saying it.
    this.finDue = to;
    this.finTurns = 1;
    this.worker.loop.defer(this);
  }

  /** The same when its last bytes were passed on just now and wait for it. */
  private passLastFin(from: SocketEnd, to: SocketEnd): void {
    from.readable = false;
    if (to.ended) {
      this.finishIfDelivered();
      return;
    }
    to.finish();
    this.owner.onRelayFin();
  }

  private finishIfDelivered(): void {
    if (this.client.drained && this.server.drained) this.finish(null);
  }

  private finish(broken: SocketEnd | null): void {
    if (this.over) return;
    this.over = true;
    this.owner.onRelayEnd(broken);
  }
}
