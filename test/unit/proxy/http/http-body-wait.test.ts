import { describe, expect, it } from 'vitest';
import { allocate } from '../../../../src/os/memory.ts';
import { BodyWait, type BodyWaitOwner } from '../../../../src/proxy/http/http-body-wait.ts';
import { HttpInput } from '../../../../src/proxy/http/http-input.ts';
import { BufferPool } from '../../../../src/proxy/loop/buffers.ts';
import { END, type SocketEnd } from '../../../../src/proxy/loop/socket-end.ts';
import type { WorkerContext } from '../../../../src/proxy/worker-context.ts';
import { Head } from '../../../../src/wire/http1-head.ts';

const SIZE = 1024;

/** A client whose pieces come one after another, each when the one before was read; then nothing, or its end. */
function stage(pieces: readonly string[], ends = false) {
  const [scratch, out] = [allocate(4096), allocate(4096)];
  const buffers = new BufferPool(4096);
  const waiting = pieces.map((piece) => Buffer.from(piece, 'latin1'));
  const events: string[] = [];
  const client = {
    readable: true,
    read(address: number, most: number): number {
      const piece = waiting.shift();
      client.readable = waiting.length > 0 || ends;
      if (piece === undefined) return ends ? END : 0;
      const [region, at] = place(address);
      region.set(piece.subarray(0, most), at);
      if (piece.length > most) waiting.unshift(piece.subarray(most));
      return Math.min(piece.length, most);
    },
    write(bytes: Uint8Array, _address: number, start: number, end: number): boolean {
      events.push(`told ${Buffer.from(bytes.subarray(start, end)).toString('latin1').split('\r\n')[0]}`);
      return true;
    },
  };
  const loop = { defer: () => events.push('deferred') };
  const worker = { scratch, out, buffers, loop, headRead: SIZE, headLimit: SIZE, requestHead: new Head() };
  const input = new HttpInput(worker as unknown as WorkerContext, false);
  const place = (address: number): [Uint8Array, number] => {
    if (input.empty) return [scratch.bytes, address - scratch.address];
    input.showWaiting();
    return [input.bytes, input.end];
  };
  const owner: BodyWaitOwner = {
    report: { bytesOut: 0 } as never,
    onBodyAwaited: () => events.push('awaited'),
    acknowledge: () => {},
    forward: () => events.push('forward'),
    onBodyBroken: () => events.push('broken'),
    clientGone: () => events.push('gone'),
    onTurn: () => {},
  };
  const wait = new BodyWait(worker as unknown as WorkerContext, client as unknown as SocketEnd, input, owner);
  input.read(client as unknown as SocketEnd);
  expect(input.parse()).toBeGreaterThan(0);
  return { wait, events, input, client, waiting };
}

const head = (...fields: string[]): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fields.map((f) => `${f}\r\n`).join('')}\r\n`;

describe('BodyWait', () => {
  it('lets a request go at once whose body is here, or that has none', () => {
    for (const piece of [head(), `${head('Content-Length: 3')}abc`, `${head('Transfer-Encoding: chunked')}0\r\n\r\n`]) {
      const { wait, events } = stage([piece]);
      wait.begin();
      expect(events).toEqual(['forward']);
    }
  });

  it('waits for the rest, in whatever pieces', () => {
    const { wait, events, input } = stage([`${head('Content-Length: 6')}a`, 'bc', 'de', 'f']);
    wait.begin();
    expect(events).toEqual(['awaited', 'forward']);
    expect(Buffer.from(input.bytes.subarray(input.head.end, input.end)).toString()).toBe('abcdef');
  });

  it('goes on when the client has sent something', () => {
    const { wait, events, waiting, client } = stage([head('Content-Length: 2')]);
    wait.begin();
    expect(events).toEqual(['awaited']);
    waiting.push(Buffer.from('ab'));
    client.readable = true;
    wait.goOn();
    expect(events).toEqual(['awaited', 'forward']);
  });

  it('lets a request go whose body fills the buffer', () => {
    const { wait, events } = stage([head('Content-Length: 5000'), 'x'.repeat(SIZE), 'y'.repeat(SIZE)]);
    wait.begin();
    expect(events).toEqual(['awaited', 'forward']);
  });

  it('asks a client for the body that waits to be asked', () => {
    const { wait, events, input } = stage([head('Content-Length: 2', 'Expect: 100-continue')]);
    wait.begin();
    expect(events).toEqual(['awaited', 'told HTTP/1.1 100 Continue']);
    expect(input.head.expectContinue).toBe(false);
  });

  it('tells of broken chunks, at once or later, and of a client that is gone', () => {
    const chunked = head('Transfer-Encoding: chunked');
    const cases: [string[], boolean, string[]][] = [
      [[`${chunked}zz\r\n`], false, ['awaited', 'broken']],
      [[`${chunked}1\r\n`, 'abc\r\n'], false, ['awaited', 'broken']],
      [[head('Content-Length: 9')], true, ['awaited', 'gone']],
    ];
    for (const [pieces, ends, expected] of cases) {
      const { wait, events } = stage(pieces, ends);
      wait.begin();
      expect(events).toEqual(expected);
    }
  });
});
