import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAddress } from '../../../../src/os/address.ts';
import { allocate } from '../../../../src/os/memory.ts';
import { parseNetwork } from '../../../../src/proxy/frontend.ts';
import { BodyMeter } from '../../../../src/proxy/http/http-body.ts';
import {
  clientConnectionLine,
  HeadLines,
  requestLength,
  responseLength,
  serverConnectionLine,
} from '../../../../src/proxy/http/http-rewrite.ts';
import { ClientAddress } from '../../../../src/proxy/listener/client-address.ts';
import { BufferPool, copyBytes } from '../../../../src/proxy/loop/buffers.ts';
import { parseRequestHead, parseResponseHead } from '../../../../src/wire/http1.ts';
import { Head } from '../../../../src/wire/http1-head.ts';

const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1');
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');

function client(family: 4 | 6, host: string): ClientAddress {
  const region = allocate(4096);
  region.bytes.set(encodeAddress({ family, host, port: 1234 }));
  return new ClientAddress(region.view);
}

describe('BodyMeter', () => {
  it('finds the end of a body with a length, whatever the pieces', () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
        (length, pieces) => {
          const meter = new BodyMeter();
          meter.setLength(length);
          let taken = 0;
          for (const piece of pieces) {
            const end = meter.take(new Uint8Array(piece), 0, piece);
            taken += end;
            expect(end < piece).toBe(meter.done && taken === length && end < piece);
          }
          expect(taken).toBe(
            Math.min(
              length,
              pieces.reduce((a, b) => a + b, 0),
            ),
          );
          expect(meter.done).toBe(taken === length);
          expect(meter.content).toBe(taken);
        },
      ),
    );
  });

  it('finds the end of chunks and counts their content', () => {
    const body = bytes('5\r\nhello\r\n0\r\n\r\nGET');
    for (let cut = 0; cut <= body.length; cut++) {
      const meter = new BodyMeter();
      meter.setChunked();
      const first = meter.take(body, 0, cut);
      expect(first).toBe(Math.min(cut, body.length - 3));
      expect(meter.take(body, first, body.length)).toBe(body.length - 3);
      expect(meter.done).toBe(true);
      expect(meter.content).toBe(5 + 1);
    }
    const broken = new BodyMeter();
    broken.setChunked();
    expect(broken.take(bytes('zz\r\n'), 0, 4)).toBe(-1);
  });

  it('never reads over a known end', () => {
    const meter = new BodyMeter();
    meter.setLength(10);
    expect(meter.most(65536)).toBe(10);
    meter.setUntilClose();
    expect(meter.most(65536)).toBe(65536);
    expect(meter.take(new Uint8Array(3), 0, 3)).toBe(3);
    expect(meter.done).toBe(false);
  });
});

describe('connection lines', () => {
  it('follow the versions of both messages', () => {
    expect(text(serverConnectionLine(11, true, false))).toBe('');
    expect(text(serverConnectionLine(10, true, false))).toBe('connection: keep-alive\r\n');
    expect(text(serverConnectionLine(11, false, false))).toBe('connection: close\r\n');
    expect(text(clientConnectionLine(11, 11, true))).toBe('');
    expect(text(serverConnectionLine(11, false, true))).toBe('');
    expect(text(clientConnectionLine(10, 11, true))).toBe('connection: keep-alive\r\n');
    expect(text(clientConnectionLine(11, 10, false))).toBe('');
    expect(text(clientConnectionLine(11, 11, false))).toBe('connection: close\r\n');
  });
});

describe('lengths of messages in logs', () => {
  it('are those of HAProxy 2.6', () => {
    const head = new Head();
    const response = bytes('HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nConnection: close\r\n\r\n');
    parseResponseHead(response, 0, response.length, head);
    expect(responseLength(head)).toBe(61);
    const request = bytes('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    parseRequestHead(request, 0, request.length, head);
    expect(requestLength(head)).toBe(20 + 3 + 2 + 8 + 5 + 1);
  });
});

describe('ClientAddress', () => {
  it('shows the address and its key', () => {
    expect(client(4, '10.1.2.3').host).toBe('10.1.2.3');
    expect(client(4, '10.1.2.3').key).toBe(0x0a010203);
    expect(client(4, '255.1.2.3').port).toBe(1234);
    expect(client(6, '2001:db8::1').host).toBe('2001:db8::1');
    expect(client(6, '2001:db8::1').key).toBe((0x20010db8 ^ 1) >>> 0);
  });

  it('knows the networks it is in', () => {
    const inside = (host: string, network: string): boolean =>
      client(host.includes(':') ? 6 : 4, host).isIn([parseNetwork(network)]);
    expect(inside('127.0.0.1', '127.0.0.0/8')).toBe(true);
    expect(inside('128.0.0.1', '127.0.0.0/8')).toBe(false);
    expect(inside('10.1.130.9', '10.1.128.0/17')).toBe(true);
    expect(inside('10.1.127.9', '10.1.128.0/17')).toBe(false);
    expect(inside('10.1.2.3', '10.1.2.3')).toBe(true);
    expect(inside('10.1.2.4', '10.1.2.3')).toBe(false);
    expect(inside('192.168.7.7', '192.168.0.0/255.255.0.0')).toBe(true);
    expect(inside('2001:db8:1::5', '2001:db8::/32')).toBe(true);
    expect(inside('2001:db9::5', '2001:db8::/32')).toBe(false);
    expect(inside('10.0.0.1', '::/0')).toBe(false);
  });
});

describe('buffers', () => {
  it('are given out once at a time and come back empty', () => {
    const pool = new BufferPool(4096);
    const a = pool.take();
    const b = pool.take();
    expect(a.address).not.toBe(b.address);
    a.append(bytes('hello'), 1, 4);
    expect(text(a.bytes.subarray(a.start, a.end))).toBe('ell');
    a.start = 2;
    a.compact();
    expect([a.start, a.end, text(a.bytes.subarray(0, 1))]).toEqual([0, 1, 'l']);
    a.giveBack();
    const again = pool.take();
    expect(again).toBe(a);
    expect(again.length).toBe(0);
    expect(again.room).toBe(4096);
  });

  it('copies short and long pieces alike', () => {
    for (const length of [0, 1, 64, 65, 1000]) {
      const from = Uint8Array.from({ length: 1100 }, (_, i) => i);
      const to = new Uint8Array(1200);
      copyBytes(to, 7, from, 3, 3 + length);
      expect(to.subarray(7, 7 + length)).toEqual(from.subarray(3, 3 + length));
      expect(to[7 + length]).toBe(0);
    }
  });
});

describe('HeadLines', () => {
  it('collects lines in their order, however many', () => {
    const lines = new HeadLines();
    for (let round = 0; round < 2; round++) {
      lines.clear();
      for (let i = 0; i < 300; i++) lines.add(bytes(`x-${i}: ${'y'.repeat(i)}\r\n`));
      const all = Array.from({ length: 300 }, (_, i) => `x-${i}: ${'y'.repeat(i)}\r\n`).join('');
      expect(text(lines.take())).toBe(all);
    }
  });
});
