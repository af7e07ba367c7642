/** Raw bytes to an HTTP port and back, and an origin that records what reaches it. Text is Latin-1. */
import { connect, createServer, type Socket } from 'node:net';
import { sleep } from './wait.ts';

export interface Exchange {
  /** Everything that came back. */
  readonly text: string;
  /** Of the first answer; 0: none. */
  readonly status: number;
  /** The other side closed. */
  readonly closed: boolean;
}

/**
 * Sends and reads until the other side closes, `enough` is satisfied, or `deadlineMs` is over. Pieces are sent one by
 * one with a pause, as a slow client would.
 */
export function exchange(
  port: number,
  pieces: string | readonly string[],
  options: {
    readonly deadlineMs?: number;
    readonly pauseMs?: number;
    readonly enough?: (text: string) => boolean;
  } = {},
): Promise<Exchange> {
  const { deadlineMs = 3000, pauseMs = 0, enough = hasStatus } = options;
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, status: Number(/^HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0), closed });
    };
    const timer = setTimeout(() => finish(false), deadlineMs);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (enough(text)) finish(false);
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true));
    void sendPieces(socket, typeof pieces === 'string' ? [pieces] : pieces, pauseMs);
  });
}

async function sendPieces(socket: Socket, pieces: readonly string[], pauseMs: number): Promise<void> {
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await sleep(pauseMs);
    if (socket.destroyed || !socket.writable) return;
    socket.write(Buffer.from(piece, 'latin1'));
  }
}

function hasStatus(text: string): boolean {
  return /^HTTP\/1\.\d \d{3}[^\n]*\r\n/.test(text);
}

export interface Origin {
  readonly port: number;
  /** What came on each connection since `forget`, kept connections included. */
  readonly received: () => readonly string[];
  readonly forget: () => void;
  /** What is sent once a head is complete; an empty answer closes at once. */
  answer: string;
  /** Whether the connection is closed behind the answer. */
  closes: boolean;
  /** How many requests `text`, all that a connection has brought, holds: heads, unless bodies matter. */
  countRequests: (text: string) => number;
  readonly openConnections: () => number;
  readonly close: () => Promise<void>;
}

export const plainAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function countHeads(text: string): number {
  return text.split('\r\n\r\n').length - 1;
}

/** For one request with a chunked body: 1 when its last chunk and trailers are there. */
export function countChunkedRequest(text: string): number {
  return /\r\n\r\n(?:.*\r\n)?0+[^\n]*\r\n(?:[^\r\n]+\r\n)*\r\n$/s.test(text) ? 1 : 0;
}

interface Connection {
  readonly socket: Socket;
  text: string;
  answered: number;
}

export async function startOrigin(): Promise<Origin> {
  const connections = new Set<Connection>();
  const server = createServer((socket) => {
    const one: Connection = { socket, text: '', answered: 0 };
    connections.add(one);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      one.text += data.toString('latin1');
      const requests = origin.countRequests(one.text);
      if (requests <= one.answered) return;
      one.answered = requests;
      if (origin.closes || origin.answer === '') socket.end(Buffer.from(origin.answer, 'latin1'));
      else socket.write(Buffer.from(origin.answer, 'latin1'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin: Origin = {
    port: (server.address() as { port: number }).port,
    received: () => [...connections].map((one) => one.text).filter((text) => text !== ''),
    forget: () => {
      origin.countRequests = countHeads;
      for (const one of connections) {
        if (one.socket.destroyed) connections.delete(one);
        one.text = '';
        one.answered = 0;
      }
    },
    answer: plainAnswer,
    closes: false,
    countRequests: countHeads,
    openConnections: () => [...connections].filter((one) => !one.socket.destroyed).length,
    close: () =>
      new Promise((resolve) => {
        for (const { socket } of connections) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return origin;
}
