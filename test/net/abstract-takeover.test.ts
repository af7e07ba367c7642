/**
 * Abstract sockets (`abns@`): only one program can have a name at a time, so an old one that is asked to make room (SIGTTOU, as
 * by `-sf`) lets go of it, and takes it again when the new one comes to nothing.
 */
import { Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { AF_UNIX } from '../../src/os/address.ts';
import { closeFd, connectSocket, openSocket, SOCK_STREAM } from '../../src/os/socket.ts';
import { freePorts, waitForPort } from './lib/ports.ts';
import { type Program, startProgram, type TestFiles, writeFiles } from './lib/program.ts';
import { describeNet, distBin } from './lib/requirements.ts';
import { findRole } from './lib/roles.ts';
import { waitUntil } from './lib/wait.ts';

const name = `tandem-takeover-${process.pid}`;
const path = `\0${name}`.padEnd(108, '\0');

const programs: Program[] = [];
let files: TestFiles;

afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop();
  await files.remove();
});

function configOf(port: number, answer: string): string {
  return `defaults
 mode http
 timeout client 20s
frontend f
 monitor-uri /${answer}
 bind 127.0.0.1:${port}
 bind abns@${name}
`;
}

async function start(file: string, port: number, ...args: string[]): Promise<Program> {
  const program = startProgram(distBin('haproxy'), ['-db', '-f', files.path(file), ...args]);
  programs.push(program);
  await waitForPort(port, '127.0.0.1', { details: program.output });
  return program;
}

/** A connection to the name, or null when nobody has it. */
function connect(): Socket | null {
  const fd = openSocket(AF_UNIX, SOCK_STREAM);
  if (connectSocket(fd, { family: 'unix', path }) < 0) {
    closeFd(fd);
    return null;
  }
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => {});
  return socket;
}

/** First line of the answer; '' without one. */
async function ask(uri: string, socket = connect()): Promise<string> {
  if (socket === null) return '';
  const answer = new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(data.toString('latin1').split('\r\n')[0]!));
    socket.once('close', () => resolve(''));
  });
  socket.write(`GET ${uri} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return answer;
}

const answers = (uri: string) => waitUntil(`an answer to ${uri}`, async () => (await ask(uri)).includes(' 200 '));

describeNet('abstract sockets', { build: true }, () => {
  it('go over to a new program with -sf', async () => {
    const [port = 0] = await freePorts(1);
    files = await writeFiles({ 'old.cfg': configOf(port, 'old'), 'new.cfg': configOf(port, 'new') });
    const old = await start('old.cfg', port);
    await answers('/old');
    const kept = connect()!;
    expect(await ask('/old', kept)).toContain(' 200 ');
    const next = await start('new.cfg', port, '-sf', String(old.pid));
    await answers('/new');
    // Connections of the old one go on until they end.
    expect(await ask('/old', kept)).toContain(' 200 ');
    kept.destroy();
    expect(await old.exited).toBe(0);
    expect(next.output()).not.toContain('[ALERT]');
  });

  it('are let go of and taken again on SIGTTOU and SIGTTIN', async () => {
    const [port = 0] = await freePorts(1);
    files = await writeFiles({ 'old.cfg': configOf(port, 'old') });
    const old = await start('old.cfg', port);
    await answers('/old');
    old.kill('SIGTTOU');
    await waitUntil('the release', async () => connect() === null);
    old.kill('SIGTTIN');
    await answers('/old');
    old.kill('SIGTTOU');
    await waitUntil('the second release', async () => connect() === null);
  });

  it('stay free when the proxy dies meanwhile', async () => {
    const [port = 0] = await freePorts(1);
    files = await writeFiles({ 'old.cfg': configOf(port, 'old') });
    const old = await start('old.cfg', port);
    await answers('/old');
    old.kill('SIGTTOU');
    await waitUntil('the release', async () => connect() === null);
    const before = findRole(old.pid, 'proxy')!;
    process.kill(before, 'SIGKILL');
    await waitUntil('another proxy', async () => (findRole(old.pid, 'proxy') ?? before) !== before);
    expect(connect()).toBeNull();
    old.kill('SIGTTIN');
    await answers('/old');
  });

  it('come back when the new program cannot start', async () => {
    const [port = 0, taken = 0] = await freePorts(2);
    const refused = `${configOf(port, 'new')} bind 127.0.0.1:${taken}\n bind 192.0.2.1:1\n`;
    files = await writeFiles({ 'old.cfg': configOf(port, 'old'), 'new.cfg': refused });
    const old = await start('old.cfg', port);
    await answers('/old');
    const next = startProgram(distBin('haproxy'), ['-db', '-f', files.path('new.cfg'), '-sf', String(old.pid)]);
    expect(await next.exited).toBe(1);
    await answers('/old');
    await waitForPort(port);
  });
});
