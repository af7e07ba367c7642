/**
 * Rings and their servers (manual, chapter 3.9), in the proxy's main thread: takes the lines that the threads have
 * queued and sends them to every server of the ring over TCP or a UNIX stream.
 *
 *     worker --LineQueue--> | backlog of server 1 | --> socket
 *     main   --LineQueue--> | backlog of server 2 | --> socket
 *
 * A backlog holds as much as the ring's `size`. While a server is connected and does not keep up, lines wait in the
 * queues, and what finds no room there is dropped by its thread; while it is not connected, the oldest lines give way.
 * A connection that cannot be made, or that leaves lines lying for longer than `timeout server`, is tried anew.
 */
import { createConnection, type Socket } from 'node:net';
import type { RingConf, RingServerConf } from '../config/logging.ts';
import { LineReader } from './line-queue.ts';
import { RingFile } from './ring-file.ts';

/** HAProxy looks for a new connection about once a second. */
const RETRY_MS = 1000;
/** Lines that are on their way when the process ends have so long. */
const LAST_WORDS_MS = 300;
const LINE_FEED = 10;

export class RingForwarder {
  private readonly readers: readonly LineReader[];
  private readonly servers: readonly RingConnection[];
  private readonly file: RingFile | null;

  constructor(conf: RingConf, queues: readonly SharedArrayBuffer[]) {
    this.file = openFile(conf);
    this.readers = queues.map((memory) => new LineReader(memory));
    this.servers = conf.servers.map((server) => new RingConnection(conf, server, () => this.drain()));
  }

  /** A thread has put something into its queue, or a server has room again. */
  drain(): void {
    for (const reader of this.readers) {
      reader.listen();
      for (let line = reader.peek(); line !== null; line = reader.peek()) {
        const { length } = line;
        if (this.servers.some((server) => server.isFull(length))) return;
        for (const server of this.servers) server.take(line);
        this.file?.write(line);
        reader.drop(line);
      }
    }
  }

  /** Sends what is left, within bounds. */
  async close(): Promise<void> {
    this.drain();
    await Promise.all(this.servers.map((server) => server.close()));
    this.file?.close();
  }
}

/** A ring whose file cannot be made is one in memory. */
function openFile({ backingFile, name, size }: RingConf): RingFile | null {
  if (backingFile === null) return null;
  try {
    return new RingFile(backingFile, name, size);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`[WARNING]  (${process.pid}) : ring '${name}' : no backing-file: ${why}.\n`);
    return null;
  }
}

class RingConnection {
  private readonly conf: RingConf;
  private readonly server: RingServerConf;
  private readonly onRoom: () => void;
  private backlog: Buffer[] = [];
  private backlogBytes = 0;
  private socket: Socket | null = null;
  private connected = false;
  private blocked = false;
  private closing = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(conf: RingConf, server: RingServerConf, onRoom: () => void) {
    this.conf = conf;
    this.server = server;
    this.onRoom = onRoom;
    this.connect();
  }

  isFull(length: number): boolean {
    return this.connected && this.backlogBytes > 0 && this.backlogBytes + length > this.conf.size;
  }

  take(line: Buffer): void {
    const framed = this.frame(line);
    this.backlog.push(framed);
    this.backlogBytes += framed.length;
    while (!this.connected && this.backlogBytes > this.conf.size && this.backlog.length > 1) this.shift();
    this.flush();
  }

  private shift(): Buffer | undefined {
    const line = this.backlog.shift();
    this.backlogBytes -= line?.length ?? 0;
    return line;
  }

  /** Lines come with a line feed at their end. */
  private frame(line: Buffer): Buffer {
    if (this.server.framing === 'legacy') return line;
    const bare = line.at(-1) === LINE_FEED ? line.subarray(0, -1) : line;
    return Buffer.concat([Buffer.from(`${bare.length} `), bare]);
  }

  private connect(): void {
    const { address } = this.server;
    const socket = createConnection(
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
    );
    this.socket = socket;
    socket.unref();
    // Nobody answers; what comes is thrown away, so that the end is seen.
    socket.resume();
    socket.on('connect', () => this.onConnect());
    socket.on('drain', () => this.onDrain());
    socket.on('error', () => {});
    socket.on('close', () => this.onClose(socket));
    this.arm(this.conf.connectMs);
  }

  private onConnect(): void {
    this.connected = true;
    this.blocked = false;
    this.arm(null);
    this.flush();
  }

  private onDrain(): void {
    this.blocked = false;
    this.arm(null);
    this.flush();
    this.onRoom();
  }

  private onClose(socket: Socket): void {
    if (this.socket !== socket) return;
    this.socket = null;
    this.connected = false;
    this.arm(null);
    if (this.closing) return;
    this.timer = setTimeout(() => this.connect(), RETRY_MS);
    this.timer.unref();
    this.onRoom();
  }

  /** The connection must get on within so long. */
  private arm(ms: number | null): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = ms === null ? null : setTimeout(() => this.socket?.destroy(), ms);
    this.timer?.unref();
  }

  private flush(): void {
    while (this.connected && !this.blocked && this.backlog.length > 0) {
      if (this.socket!.write(this.shift()!)) continue;
      this.blocked = true;
      this.arm(this.conf.serverMs);
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    const { socket } = this;
    if (!this.connected || socket === null) {
      socket?.destroy();
      this.arm(null);
      return;
    }
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, LAST_WORDS_MS);
      socket.once('close', () => {
        clearTimeout(limit);
        resolve();
      });
      socket.end();
    });
    socket.destroy();
  }
}
