/**
 * The servers of a soak: HTTP and TCP, whose answers can be told from each other byte for byte. One kind stays, the other
 * is stopped with all its connections and started again now and then.
 *
 *     GET /d/SIZE/ID/HOW   a body of SIZE bytes made from ID; HOW: sized, chunked, close, slow, cut (half of it), reset (none)
 *     POST /u/ID           how much came, and its checksum
 */
import { createHash } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';

/** The body that belongs to an id. */
export function bodyOf(id: string, size: number): Buffer {
  return Buffer.alloc(size, `${id};`);
}

export function checksum(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`;
}

export interface SoakOrigin {
  readonly port: number;
  /** Refuses and cuts everything until `resume`. */
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export function startHttpOrigin(): Promise<SoakOrigin> {
  // A client that leaves in the middle of its request ends the answer to it.
  const server = createHttpServer((request, response) => void answer(request, response).catch(() => {}));
  server.keepAliveTimeout = 60_000;
  return listen(server);
}

/** Sends back what it gets. */
export function startEchoOrigin(): Promise<SoakOrigin> {
  return listen(createTcpServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket)));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.on('error', () => {});
  response.on('error', () => {});
  const [, kind, first = '', id = '', how = 'sized'] = (request.url ?? '').split('/');
  if (kind === 'u') {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    response.end(checksum(Buffer.concat(parts)));
    return;
  }
  const body = bodyOf(id, Number(first));
  if (how === 'reset') response.socket!.resetAndDestroy();
  else if (how === 'slow') sendSlowly(response, body);
  else if (how === 'cut') {
    response.setHeader('Content-Length', body.length);
    response.write(body.subarray(0, body.length >> 1), () => response.socket?.destroy());
  } else {
    if (how === 'sized') response.setHeader('Content-Length', body.length);
    if (how === 'close') response.setHeader('Connection', 'close');
    response.end(body);
  }
}

function sendSlowly(response: ServerResponse, body: Buffer): void {
  const step = Math.max(1, body.length >> 3);
  let sent = 0;
  const timer = setInterval(() => {
    if (response.destroyed || sent >= body.length) {
      clearInterval(timer);
      response.end();
    } else response.write(body.subarray(sent, (sent += step)));
  }, 15);
}

async function listen(server: Server): Promise<SoakOrigin> {
  const sockets = new Set<Socket>();
  let port = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  const resume = (): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.resetAndDestroy();
    });
  await resume();
  port = (server.address() as { port: number }).port;
  return { port, pause, resume, close: async () => (server.listening ? pause() : undefined) };
}
