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
  /** What came on each connection so far. */
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

export async function startOrigin(): Promise<Origin> {
  let received: { text: string }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const record = { text: '' };
    let answered = 0;
    received.push(record);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (data) => {
      record.text += data.toString('latin1');
      const requests = origin.countRequests(record.text);
      if (requests <= answered) return;
      answered = requests;
      if (origin.closes || origin.answer === '') socket.end(Buffer.from(origin.answer, 'latin1'));
      else socket.write(Buffer.from(origin.answer, 'latin1'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin: Origin = {
    port: (server.address() as { port: number }).port,
    received: () => received.map((one) => one.text),
    forget: () => {
      received = [];
      origin.countRequests = countHeads;
    },
    answer: plainAnswer,
    closes: false,
    countRequests: countHeads,
    openConnections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return origin;
}
