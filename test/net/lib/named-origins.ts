/**
 * Servers that say who they are, and clients that ask: for tests of balancing, where nothing else matters.
 *
 * An origin of kind `http` answers every request with its name; one of kind `tcp` says its name as soon as somebody
 * connects and then holds the connection.
 */
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { freePorts } from './ports.ts';

export interface NamedOrigin {
  readonly name: string;
  readonly port: number;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function openOrigins(kind: 'http' | 'tcp', names: readonly string[]): Promise<NamedOrigin[]> {
  const ports = await freePorts(names.length);
  const origins = names.map((name, i) => makeOrigin(kind, name, ports[i]!));
  for (const origin of origins) await origin.start();
  return origins;
}

function makeOrigin(kind: 'http' | 'tcp', name: string, port: number): NamedOrigin {
  let server: Server;
  const sockets = new Set<Socket>();
  const start = async (): Promise<void> => {
    server = kind === 'http' ? makeHttp(name) : createTcpServer((socket) => void socket.resume().write(`${name}\n`));
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', 2000, resolve));
  };
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { name, port, start, stop };
}

function makeHttp(name: string): Server {
  const server = createHttpServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-length': name.length, 'x-name': name });
    response.end(request.method === 'HEAD' ? '' : name);
  });
  server.keepAliveTimeout = 60_000;
  return server;
}

/** Sends requests in one connection, in bunches; the names that answered, or the status of what did not. */
export async function askAll(port: number, requests: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  const bunch = 50;
  const socket = await open(port);
  try {
    for (let at = 0; at < requests.length; at += bunch) {
      const some = requests.slice(at, at + bunch);
      socket.write(some.join(''), 'latin1');
      names.push(...(await readAnswers(socket, some.length)));
    }
  } finally {
    socket.destroy();
  }
  return names;
}

/** One request in a connection of its own; `begin` goes before it. */
export async function askOnce(port: number, begin: string, request: string): Promise<string> {
  const socket = await open(port);
  try {
    socket.write(begin + request, 'latin1');
    return (await readAnswers(socket, 1))[0]!;
  } finally {
    socket.destroy();
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

const ANSWER = /^HTTP\/1\.1 (\d+)[^\r]*\r\n(?:[^\r]+\r\n)*?content-length: (\d+)\r\n(?:[^\r]+\r\n)*\r\n/i;

function readAnswers(socket: Socket, count: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let text = '';
    const names: string[] = [];
    const finish = (done: () => void): void => {
      socket.removeAllListeners('data').removeAllListeners('close').removeAllListeners('error');
      socket.on('error', () => {});
      done();
    };
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      for (let found = ANSWER.exec(text); found !== null; found = ANSWER.exec(text)) {
        const end = found[0].length + Number(found[2]);
        if (text.length < end) break;
        names.push(found[1] === '200' ? text.slice(found[0].length, end) : found[1]!);
        text = text.slice(end);
      }
      if (names.length >= count) finish(() => resolve(names));
    });
    const fail = (): void => finish(() => reject(new Error(`${names.length} of ${count} answers; then: ${text}`)));
    socket.on('close', fail);
    socket.on('error', fail);
  });
}

export interface HeldConnection {
  /** Who answered; '' when the connection was closed without a word. */
  readonly name: string;
  close(): Promise<void>;
}

/** Connects to a proxy in mode tcp, waits for the server's name and holds the connection. */
export async function hold(port: number, begin = ''): Promise<HeldConnection> {
  const socket = await open(port);
  if (begin !== '') socket.write(begin, 'latin1');
  const name = await new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (data: Buffer) => {
      text += data.toString();
      if (text.endsWith('\n')) resolve(text.trim());
    });
    socket.on('close', () => resolve(''));
    socket.on('error', () => resolve(''));
  });
  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      else {
        socket.once('close', () => resolve());
        socket.end();
      }
    });
  };
  return { name, close };
}
