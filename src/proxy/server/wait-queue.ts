/** Sessions that wait for a server or for any server of a backend: first come, first served; leaving is constant time. */

import type { Server } from './server.ts';

export interface Waiting {
  /** Tries to go on with this server; false when it has no room. A true answer means that the entry left its queue. */
  onPlace(server: Server): boolean;
  /** The server that it waits for cannot be used any more. */
  chooseAgain(): void;
}

export class WaitEntry {
  next: WaitEntry | null = null;
  prev: WaitEntry | null = null;
  queue: WaitQueue | null = null;
  /** When it began to wait. */
  since = 0;
  /** How many its queue had served when it came. */
  servedBefore = 0;
  readonly owner: Waiting;

  constructor(owner: Waiting) {
    this.owner = owner;
  }
}

export class WaitQueue {
  length = 0;
  /** Sessions that got a place from here, since the start. */
  served = 0;
  private head: WaitEntry | null = null;
  private tail: WaitEntry | null = null;

  get first(): WaitEntry | null {
    return this.head;
  }

  add(entry: WaitEntry): void {
    entry.queue = this;
    entry.servedBefore = this.served;
    entry.prev = this.tail;
    entry.next = null;
    if (this.tail) this.tail.next = entry;
    else this.head = entry;
    this.tail = entry;
    this.length++;
  }

  remove(entry: WaitEntry): void {
    if (entry.queue !== this) return;
    if (entry.prev) entry.prev.next = entry.next;
    else this.head = entry.next;
    if (entry.next) entry.next.prev = entry.prev;
    else this.tail = entry.prev;
    entry.next = null;
    entry.prev = null;
    entry.queue = null;
    this.length--;
  }

  /** Where in line an entry is, or would be: how many were served since it came, and itself. */
  placeOf(entry: WaitEntry): number {
    return this.served - entry.servedBefore + 1;
  }

  /** All of them choose anew. */
  scatter(): void {
    for (let left = this.length; left > 0 && this.head !== null; left--) this.head.owner.chooseAgain();
  }
}
