import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RingConf } from '../../../src/config/logging.ts';
import { LineWriter, makeQueueMemory } from '../../../src/log/line-queue.ts';
import { RingForwarder } from '../../../src/log/ring-forwarder.ts';

class Receiver {
  text = '';
  readonly sockets: Socket[] = [];
  private readonly server: Server;
  /** `mute`: takes connections and reads nothing. */
  constructor(mute = false) {
    this.server = createServer({ pauseOnConnect: mute }, (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      if (!mute) socket.on('data', (data) => (this.text += data.toString('latin1')));
    });
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return (this.server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

function makeRing(ports: readonly number[], given: Partial<RingConf> = {}): RingConf {
  const servers = ports.map((port, i) => {
    return { name: `s${i}`, address: { kind: 'ip', host: '127.0.0.1', port }, framing: 'legacy' } as const;
  });
  const plain = {
    name: 'r',
    description: null,
    format: 'raw',
    maxlen: null,
    backingFile: null,
    connectMs: null,
    serverMs: null,
  } as const;
  return { ...plain, size: 16384, servers, ...given };
}

async function until(condition: () => boolean, limitMs = 4000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

describe('forwarding a ring', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  function start(conf: RingConf, queueSize = 16384): (line: string) => boolean {
    const memory = makeQueueMemory(queueSize);
    const forwarder = new RingForwarder(conf, [memory]);
    const writer = new LineWriter(memory, () => setImmediate(() => forwarder.drain()));
    closing.push(() => forwarder.close());
    return (line) => writer.write(Buffer.from(`${line}\n`, 'latin1'), line.length + 1);
  }

  async function receiver(mute = false): Promise<Receiver & { port: number }> {
    const made = new Receiver(mute);
    const port = await made.listen();
    closing.push(() => made.close());
    return Object.assign(made, { port });
  }

  it('sends every line to every server', async () => {
    const [a, b] = [await receiver(), await receiver()];
    const write = start(makeRing([a.port, b.port]));
    for (let i = 0; i < 100; i++) write(`line ${i}`);
    await until(() => a.text.includes('line 99\n') && b.text.includes('line 99\n'));
    expect(a.text).toBe(Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(''));
    expect(b.text).toBe(a.text);
  });

  it('counts octets where that is asked for', async () => {
    const a = await receiver();
    const [server] = makeRing([a.port]).servers;
    const write = start(makeRing([], { servers: [{ ...server!, framing: 'octet-count' }] }));
    write('one');
    write('two three');
    await until(() => a.text.endsWith('three'));
    expect(a.text).toBe('3 one9 two three');
  });

  it('keeps lines for a server that is not there yet, the newest ones', async () => {
    const made = await receiver();
    await made.close();
    const write = start(makeRing([made.port], { size: 1000 }));
    for (let i = 0; i < 100; i++) write(`line number ${i}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const late = new Receiver();
    await late.listen(made.port);
    closing.push(() => late.close());
    await until(() => late.text.includes('line number 99\n'));
    const numbers = [...late.text.matchAll(/line number (\d+)\n/g)].map(([, n]) => Number(n));
    expect(numbers.length).toBeLessThanOrEqual(1000 / 'line number 9\n'.length);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 100 - numbers.length + i));
  });

  it('connects again when a server has gone', async () => {
    const first = await receiver();
    const write = start(makeRing([first.port]));
    write('before');
    await until(() => first.text === 'before\n');
    await first.close();
    const second = new Receiver();
    await second.listen(first.port);
    closing.push(() => second.close());
    await new Promise((resolve) => setTimeout(resolve, 100));
    write('after');
    await until(() => second.text === 'after\n');
  });

  it('refuses lines when a connected server does not read, and gives up on it', async () => {
    const mute = await receiver(true);
    const write = start(makeRing([mute.port], { serverMs: 300 }), 65536);
    await until(() => mute.sockets.length === 1);
    const line = 'x'.repeat(8000);
    let refused = 0;
    // What the kernel and Node take is bounded: at some point nothing more goes in.
    for (let i = 0; i < 4000 && refused === 0; i++) {
      if (!write(line)) refused++;
      if (i % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refused).toBe(1);
    await until(() => mute.sockets.length === 2);
  });
});
