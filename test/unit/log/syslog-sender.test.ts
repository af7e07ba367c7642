import { execFileSync, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogAddress, LogTarget } from '../../../src/config/haproxy.ts';
import { LineReader, LineWriter, makeQueueMemory } from '../../../src/log/line-queue.ts';
import { lookUpLogTargets } from '../../../src/log/log-lookup.ts';
import { attachRing } from '../../../src/log/outlets.ts';
import { SyslogSender } from '../../../src/log/syslog-sender.ts';

const ORIGIN = { hostname: null, tag: 'haproxy', pid: 7 };

function target(address: LogAddress, given: Partial<LogTarget> = {}): LogTarget {
  return {
    address,
    facility: 16,
    level: 7,
    minLevel: 0,
    len: 1024,
    format: 'priority',
    sample: null,
    profile: null,
    ...given,
  };
}

describe('sending to UDP targets', () => {
  let socket: Socket;
  let lines: string[];

  beforeEach(async () => {
    lines = [];
    socket = createSocket('udp4');
    socket.on('message', (data) => lines.push(data.toString('latin1')));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  });

  afterEach(() => socket.close());

  const udp = (given: Partial<LogTarget> = {}): LogTarget =>
    target({ kind: 'udp', host: '127.0.0.1', port: socket.address().port, family: 4 }, given);

  /** Everything that `send` sends, once `count` lines have come. */
  async function sent(sender: SyslogSender, send: (sender: SyslogSender) => void, count: number): Promise<string[]> {
    send(sender);
    const end = performance.now() + 2000;
    while (lines.length < count && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
    return lines;
  }

  it('keeps to the level, and lowers what is above the minimum', async () => {
    const sender = new SyslogSender([udp({ level: 5, minLevel: 3 })], ORIGIN);
    expect(sender.mostVerbose).toBe(5);
    const send = (): void => {
      for (let level = 0; level < 8; level++) sender.send(level, `level ${level}`);
    };
    expect(await sent(sender, send, 6)).toEqual([
      '<131>level 0\n',
      '<131>level 1\n',
      '<131>level 2\n',
      '<131>level 3\n',
      '<132>level 4\n',
      '<133>level 5\n',
    ]);
    expect(sender.dropped).toBe(0);
  });

  it('writes bytes as they are, and other characters as UTF-8', async () => {
    const sender = new SyslogSender([udp({ format: 'raw' })], ORIGIN);
    const got = await sent(sender, () => ['caf\xe9', 'ß€'].forEach((text) => void sender.send(6, text)), 2);
    expect(got).toEqual(['caf\xe9\n', Buffer.from('ß€\n').toString('latin1')]);
  });

  it('loses nothing when a receiver comes back', async () => {
    const sender = new SyslogSender([udp({ format: 'raw' })], ORIGIN);
    expect(await sent(sender, () => sender.send(6, 'before'), 1)).toEqual(['before\n']);
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    for (let i = 0; i < 3; i++) sender.send(6, 'nobody there');
    socket = createSocket('udp4');
    socket.on('message', (data) => lines.push(data.toString('latin1')));
    await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
    const send = (): void => ['first', 'second'].forEach((text) => void sender.send(6, text));
    expect(await sent(sender, send, 3)).toEqual(['before\n', 'first\n', 'second\n']);
    expect(sender.dropped).toBe(0);
  });

  it('writes a header before the same text for each receiver', async () => {
    const at = new Date(2026, 10, 20, 13, 33, 34, 189).getTime();
    const tag = 'x'.repeat(600);
    const targets = [
      udp({ format: 'rfc3164', len: 2048 }),
      udp({ format: 'raw', len: 80 }),
      udp({ format: 'timed', level: 5 }),
      udp({ format: 'short' }),
    ];
    const text = 'y'.repeat(100);
    const write = (sender: SyslogSender, level: number, atMs: number): void => {
      sender.begin().text(text);
      sender.sendLine(level, atMs);
    };
    const sender = new SyslogSender(targets, { ...ORIGIN, tag });
    const got = await sent(sender, () => [at, at + 900].forEach((ms) => void write(sender, 6, ms)), 6);
    const [cut, short] = [`${'y'.repeat(80)}\n`, `<6>${text}\n`];
    expect(got).toEqual([
      `<134>Nov 20 13:33:34 ${tag}[7]: ${text}\n`,
      cut,
      short,
      `<134>Nov 20 13:33:35 ${tag}[7]: ${text}\n`,
      cut,
      short,
    ]);
  });

  it('remembers headers no longer than they hold', async () => {
    const at = new Date(2026, 10, 20, 13, 33, 34).getTime();
    const sender = new SyslogSender([udp({ format: 'rfc3164' })], ORIGIN);
    const given = [
      [6, 0],
      [6, 999],
      [3, 999],
      [3, 1000],
      [6, 1000],
    ] as const;
    const got = await sent(sender, () => given.forEach(([level, ms]) => void sender.send(level, 'x', at + ms)), 5);
    expect(got.map((line) => line.slice(0, 20))).toEqual([
      '<134>Nov 20 13:33:34',
      '<134>Nov 20 13:33:34',
      '<131>Nov 20 13:33:34',
      '<131>Nov 20 13:33:35',
      '<134>Nov 20 13:33:35',
    ]);
  });

  it('goes on with the others when one target fails', async () => {
    const nowhere = target({ kind: 'unix', path: '/nonexistent/log' });
    const unknown = target({ kind: 'udp', host: 'no-such-name.invalid', port: 514, family: 4 });
    const sender = new SyslogSender([nowhere, unknown, udp()], ORIGIN);
    expect(await sent(sender, () => sender.send(6, 'x'), 1)).toEqual(['<134>x\n']);
    expect(sender.dropped).toBe(2);
  });
});

describe('sending to a descriptor', () => {
  it('writes lines', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-log-'));
    const file = await open(join(folder, 'log'), 'w');
    const sender = new SyslogSender([target({ kind: 'fd', fd: file.fd })], ORIGIN);
    sender.send(6, 'one');
    sender.send(6, 'two');
    await file.close();
    expect(readFileSync(join(folder, 'log'), 'latin1')).toBe('<134>one\n<134>two\n');
    rmSync(folder, { recursive: true });
  });

  it('counts what a closed one does not take', () => {
    const sender = new SyslogSender([target({ kind: 'fd', fd: 1_000_000 })], ORIGIN);
    sender.send(6, 'lost');
    expect(sender.dropped).toBe(1);
  });
});

describe('descriptors that do not take lines', () => {
  /** A pipe that nobody reads: its writing end for us, a reading end to look at it later. */
  async function withPipe(test: (fd: number, read: () => Promise<string>) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-log-'));
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    // Both ends at once, so that opening does not wait. The descriptor itself waits when it is written to.
    const both = openSync(path, constants.O_RDWR);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const read = async (): Promise<string> => {
      const chunk = Buffer.alloc(1 << 20);
      return chunk.subarray(0, readSync(reader, chunk)).toString('latin1');
    };
    try {
      await test(both, read);
    } finally {
      closeSync(both);
      closeSync(reader);
      rmSync(folder, { recursive: true });
    }
  }

  it('drops lines instead of waiting, and cuts none in two', async () => {
    await withPipe(async (fd, read) => {
      const sender = new SyslogSender([target({ kind: 'fd', fd }, { format: 'raw', len: 8192 })], ORIGIN);
      const line = (i: number): string => `${i} ${'x'.repeat(7000)}`;
      for (let i = 0; i < 50; i++) sender.send(6, line(i));
      expect(sender.dropped).toBeGreaterThan(30);
      const before = await read();
      const kept = sender.dropped;
      sender.send(6, line(50));
      expect(sender.dropped).toBe(kept);
      const all = before + (await read());
      const numbers = all
        .split('\n')
        .slice(0, -1)
        .map((text) => {
          expect(text.replace(/^\d+ /, '')).toBe('x'.repeat(7000));
          return Number.parseInt(text, 10);
        });
      expect(numbers).toEqual([...Array.from({ length: numbers.length - 1 }, (_, i) => i), 50]);
    });
  });
});

describe('UNIX sockets', () => {
  it('finds a receiver that was started anew, and waits for none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-log-'));
    const path = join(folder, 'log');
    const script = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
while True:
    sys.stdout.buffer.write(s.recv(65536)); sys.stdout.flush()
`;
    const sender = new SyslogSender([target({ kind: 'unix', path })], ORIGIN);
    sender.send(6, 'nobody');
    expect(sender.dropped).toBe(1);
    for (const round of ['first', 'second']) {
      const child = spawn('python3', ['-c', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (data: Buffer) => (text += data.toString()));
      const seen = async (wanted: string): Promise<void> => {
        const end = performance.now() + 4000;
        while (!text.includes(wanted) && performance.now() < end) await new Promise((r) => setTimeout(r, 5));
        expect(text).toContain(wanted);
      };
      await seen('ready');
      sender.send(6, round);
      await seen(`<134>${round}\n`);
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      sender.send(6, 'between');
      rmSync(path);
    }
    expect(sender.dropped).toBe(3);
    rmSync(folder, { recursive: true });
  });
});

describe('sampling', () => {
  it('takes the lines in its ranges, counted over all senders', () => {
    const taken: string[] = [];
    const memory = makeQueueMemory(65536);
    attachRing('sampled', { format: 'raw', maxlen: 1024 }, new LineWriter(memory, () => {}));
    const sample = { ranges: [[2, 3] as const, [5, 5] as const], size: 7 };
    const ring = target({ kind: 'ring', name: 'sampled' }, { sample, level: 5 });
    const counts = new Int32Array(4);
    const senders = [0, 1].map(() => new SyslogSender([ring], ORIGIN, counts, 2));
    for (let i = 0; i < 16; i++) {
      senders[i % 2]!.send(5, String(i));
      // What its level leaves out does not count.
      senders[0]!.send(6, 'too chatty');
    }
    const reader = new LineReader(memory);
    for (let line = reader.peek(); line !== null; line = reader.peek()) {
      taken.push(line.toString().trimEnd());
      reader.drop(line);
    }
    expect(taken).toEqual(['1', '2', '4', '8', '9', '11', '15']);
    expect([...counts]).toEqual([0, 0, 16, 0]);
  });
});

describe('rings', () => {
  it('have their own form, and tell how many lines they had to drop', () => {
    const memory = makeQueueMemory(1024);
    attachRing('small', { format: 'rfc3164', maxlen: 80 }, new LineWriter(memory, () => {}));
    const sender = new SyslogSender([target({ kind: 'ring', name: 'small' })], ORIGIN);
    const reader = new LineReader(memory);
    const next = (): string => {
      const line = reader.peek()!;
      reader.drop(line);
      return line.toString();
    };
    for (let i = 0; i < 20; i++) sender.send(6, `line ${i} ${'x'.repeat(100)}`);
    expect(sender.dropped).toBe(20 - Math.floor(1024 / 85));
    expect(next()).toMatch(/^<134>\w{3} [ \d]\d [\d:]{8} localhost haproxy\[7\]: line 0 x+\n$/);
    const dropped = sender.dropped;
    for (let i = 0; i < 5; i++) next();
    sender.send(6, 'again');
    const rest: string[] = [];
    while (reader.peek() !== null) rest.push(next());
    expect(rest.at(-2)).toMatch(new RegExp(`^<133>.* haproxy\\[7\\]: ${dropped} events dropped\n$`));
    expect(rest.at(-1)).toMatch(/^<134>.* haproxy\[7\]: again\n$/);
  });

  it('drop everything when they are not there', () => {
    const sender = new SyslogSender([target({ kind: 'ring', name: 'unheard of' })], ORIGIN);
    sender.send(6, 'x');
    expect(sender.dropped).toBe(1);
  });
});

describe('looking up targets', () => {
  it('turns names into addresses and leaves addresses alone', async () => {
    const byName = target({ kind: 'udp', host: 'localhost', port: 514, family: 4 });
    const byAddress = target({ kind: 'udp', host: '192.0.2.1', port: 514, family: 4 });
    const [found, same] = await lookUpLogTargets([byName, byAddress]);
    expect(found!.address).toMatchObject({ kind: 'udp', host: expect.stringMatching(/^(127\.|::1)/) });
    expect(same).toBe(byAddress);
  });
});
