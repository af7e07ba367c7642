import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogAddress, LogTarget } from '../../../src/config/haproxy.ts';
import { lookUpLogTargets } from '../../../src/log/log-lookup.ts';
import { SyslogSender } from '../../../src/log/syslog-sender.ts';

const ORIGIN = { hostname: null, tag: 'haproxy', pid: 7 };

function target(address: LogAddress, given: Partial<LogTarget> = {}): LogTarget {
  return { address, facility: 16, level: 7, minLevel: 0, len: 1024, format: 'priority', sample: null, ...given };
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

describe('looking up targets', () => {
  it('turns names into addresses and leaves addresses alone', async () => {
    const byName = target({ kind: 'udp', host: 'localhost', port: 514, family: 4 });
    const byAddress = target({ kind: 'udp', host: '192.0.2.1', port: 514, family: 4 });
    const [found, same] = await lookUpLogTargets([byName, byAddress]);
    expect(found!.address).toMatchObject({ kind: 'udp', host: expect.stringMatching(/^(127\.|::1)/) });
    expect(same).toBe(byAddress);
  });
});
