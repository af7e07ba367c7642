/** A loop with pairs of real sockets: what a turn reads ahead and sends at its end. */
import { afterEach, describe, expect, it } from 'vitest';
import { openSocketPair } from '../../../../src/os/descriptor-passing.ts';
import { openEventfd } from '../../../../src/os/epoll.ts';
import { EAGAIN } from '../../../../src/os/libc.ts';
import { allocate } from '../../../../src/os/memory.ts';
import { closeFd, recvAt, sendAt } from '../../../../src/os/socket.ts';
import { BufferPool } from '../../../../src/proxy/loop/buffers.ts';
import { Loop } from '../../../../src/proxy/loop/loop.ts';
import { SocketEnd } from '../../../../src/proxy/loop/socket-end.ts';

const mine = allocate(4096);
const MSG_NOSIGNAL = 0x4000;
const fds: number[] = [];

afterEach(() => {
  for (const fd of fds.splice(0)) closeFd(fd);
});

class Scene {
  readonly loop: Loop;
  readonly pool = new BufferPool(65536);

  constructor() {
    const wakeFd = openEventfd();
    this.loop = new Loop(wakeFd, () => {});
    fds.push(wakeFd, this.loop.descriptor);
  }

  /** An end whose events go to `onEvent`, and its peer's descriptor. */
  open(onEvent: (end: SocketEnd) => void): { end: SocketEnd; peer: number } {
    const pair = openSocketPair();
    if (typeof pair === 'number') throw new Error(`socketpair: ${pair}`);
    const end = new SocketEnd(pair[0], this.loop, this.pool, { onEnd: onEvent }, false, true);
    fds.push(pair[0], pair[1]);
    expect(end.open()).toBe(0);
    return { end, peer: pair[1] };
  }

  /** Turns until somebody stops the loop. */
  run(): void {
    this.loop.run();
  }

  /** What was read ahead for an end, taken from the batch's memory. */
  take(end: SocketEnd): string {
    const { aheadAt } = end;
    const n = end.takeAhead();
    return Buffer.from(this.loop.batch.memory.bytes.subarray(aheadAt, aheadAt + n)).toString('latin1');
  }

  /** Has an end send a text that lies in the batch's memory. */
  sendLater(end: SocketEnd, text: string): void {
    const { batch } = this.loop;
    const { at } = batch;
    batch.memory.bytes.set(Buffer.from(text), at);
    expect(end.writeLater(null, at, at + text.length)).toBe(true);
  }
}

function say(fd: number, text: string): void {
  mine.bytes.set(Buffer.from(text));
  expect(sendAt(fd, mine.address, text.length, MSG_NOSIGNAL)).toBe(text.length);
}

/** What has come; null: nothing, '': the end. */
function hear(fd: number): string | null {
  const n = recvAt(fd, mine.address, 4096, 0);
  return n === -EAGAIN ? null : Buffer.from(mine.bytes.subarray(0, n)).toString('latin1');
}

function readBy(end: SocketEnd, length: number): string {
  const n = end.read(mine.address, length);
  return Buffer.from(mine.bytes.subarray(0, Math.max(0, n))).toString('latin1');
}

describe('reading ahead', () => {
  it('has the bytes at hand for those that wait for them, before any is told', () => {
    const scene = new Scene();
    const heard: string[] = [];
    const onEvent = (end: SocketEnd) => {
      expect([first.end.isAhead || heard.length > 0, second.end.isAhead]).toEqual([true, true]);
      heard.push(scene.take(end));
      if (heard.length === 2) scene.loop.stop();
      else second.end.readsAhead = true;
    };
    const first = scene.open(onEvent);
    const second = scene.open(onEvent);
    first.end.readsAhead = second.end.readsAhead = true;
    say(first.peer, 'hello');
    say(second.peer, 'world');
    scene.run();
    expect(heard).toEqual(['hello', 'world']);
    expect(first.end.readable).toBe(false);
  });

  it('leaves the bytes of others in the kernel, and those that come with an end', () => {
    const scene = new Scene();
    let events = 0;
    const onEvent = (end: SocketEnd) => {
      expect(end.isAhead).toBe(false);
      expect(readBy(end, 100)).toBe('hello');
      if (++events === 2) scene.loop.stop();
    };
    const plain = scene.open(onEvent);
    const ending = scene.open(onEvent);
    ending.end.readsAhead = true;
    say(plain.peer, 'hello');
    say(ending.peer, 'hello');
    closeFd(fds.splice(fds.indexOf(ending.peer), 1)[0]!);
    scene.run();
    expect(ending.end.ended).toBe(true);
  });

  it('keeps what was not taken, while its memory serves others', () => {
    const scene = new Scene();
    const slow = scene.open(() => {});
    const other = scene.open((end) => {
      expect(scene.take(end)).toBe('other');
      expect(slow.end.readable).toBe(true);
      expect(slow.end.isAhead).toBe(false);
      expect([readBy(slow.end, 3), slow.end.readable, readBy(slow.end, 3)]).toEqual(['hel', true, 'lo']);
      expect(readBy(slow.end, 3)).toBe('');
      expect(slow.end.readable).toBe(false);
      scene.loop.stop();
    });
    slow.end.readsAhead = other.end.readsAhead = true;
    say(slow.peer, 'hello');
    // One turn later, so that it is read to the same place.
    scene.loop.defer({ onTurn: () => say(other.peer, 'other') });
    scene.run();
  });

  it('gives what was not taken to a reader in pieces within the turn, too', () => {
    const scene = new Scene();
    const { end, peer } = scene.open(() => {
      expect([readBy(end, 2), readBy(end, 100)]).toEqual(['he', 'llo']);
      scene.loop.stop();
    });
    end.readsAhead = true;
    say(peer, 'hello');
    scene.run();
  });
});

describe('sending later', () => {
  it('sends at the end of the turn, and keeps the order of all that is sent', () => {
    const scene = new Scene();
    const { end, peer } = scene.open(() => {
      readBy(end, 10);
      scene.sendLater(end, 'one ');
      expect(hear(peer)).toBeNull();
      const two = Buffer.from('two ');
      mine.bytes.set(two);
      end.write(mine.bytes, mine.address, 0, two.length);
      expect(hear(peer)).toBe('one two ');
      scene.sendLater(end, 'three ');
      scene.sendLater(end, 'four');
      scene.loop.stop();
    });
    say(peer, 'go');
    scene.run();
    expect(hear(peer)).toBe('three four');
    scene.sendLater(end, 'five');
    end.finish();
    expect([hear(peer), hear(peer)]).toEqual(['five', '']);
  });

  it('sends before it closes, and as soon as many wait', () => {
    const scene = new Scene();
    const closing = scene.open(() => {});
    scene.sendLater(closing.end, 'last');
    closing.end.close();
    expect(hear(closing.peer)).toBe('last');
    const { end, peer } = scene.open(() => {});
    for (let i = 0; i < 40; i++) scene.sendLater(end, '.');
    expect(hear(peer)!.length).toBe(32);
    scene.loop.batch.finish();
    expect(hear(peer)!.length).toBe(8);
    fds.splice(fds.indexOf(closing.end.fd), 1);
  });

  it('sends at once when its memory is used up', () => {
    const scene = new Scene();
    const { end, peer } = scene.open(() => {});
    const { batch } = scene.loop;
    const text = 'x'.repeat(4000);
    // As long as something is read ahead the memory is not used anew.
    batch.noteRead(end, 1);
    let sent = 0;
    for (let heard = ''; sent < 400; ) {
      scene.sendLater(end, text);
      sent++;
      expect(batch.at + 65536).toBeLessThanOrEqual(batch.memory.length);
      for (let got = hear(peer); got !== null; got = hear(peer)) heard += got;
      expect(heard.length % 4000 === 0 || end.pending !== null).toBe(true);
    }
    expect(batch.at).toBeGreaterThan(900_000);
    batch.endReading();
    batch.finish();
    expect(batch.at).toBe(0);
  });

  it('gives a buffer to nobody else before it was sent', () => {
    const scene = new Scene();
    const { end, peer } = scene.open(() => {});
    const buffer = scene.pool.take();
    buffer.append(Buffer.from('mine'), 0, 4);
    end.writeLater(buffer, 0, 4);
    buffer.giveBack();
    const other = scene.pool.take();
    expect(other).not.toBe(buffer);
    other.append(Buffer.from('not '), 0, 4);
    scene.loop.batch.finish();
    expect(hear(peer)).toBe('mine');
    expect(scene.pool.take()).toBe(buffer);
  });

  it('tells of a connection that turns out to be broken', () => {
    const scene = new Scene();
    const errors: number[] = [];
    const { end, peer } = scene.open(() => errors.push(end.error));
    closeFd(fds.splice(fds.indexOf(peer), 1)[0]!);
    scene.sendLater(end, 'lost');
    scene.sendLater(end, 'lost as well');
    expect(errors).toEqual([]);
    scene.loop.batch.finish();
    expect(errors[0]).toBeGreaterThan(0);
    expect(end.readable).toBe(true);
  });

  it('sends at once what is large, and what nobody would hear of', () => {
    const scene = new Scene();
    const { end, peer } = scene.open(() => {});
    expect(end.writeLater(null, 0, 4097)).toBe(true);
    expect(hear(peer)!.length).toBe(4096);
    const [fd, other] = openSocketPair() as readonly [number, number];
    fds.push(fd, other);
    scene.sendLater(new SocketEnd(fd, scene.loop, scene.pool, { onEnd: () => {} }, false, true), 'first');
    expect(hear(other)).toBe('first');
  });
});
