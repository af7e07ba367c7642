/**
 * A stage for three: clients, the proxy under test, an origin that does what the test says. Everybody's events are noted
 * as text, so that what happened with the real HAProxy and with ours can be compared.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { sleep, waitUntil } from './wait.ts';

/** What happened on one connection, in order: "data ...", "end", "reset", "close". */
export class Peer {
  readonly events: string[] = [];
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data) => this.note(`data ${JSON.stringify(data.toString('latin1'))}`));
    socket.on('end', () => this.note('end'));
    socket.on('error', (error) =>
      this.note((error as NodeJS.ErrnoException).code === 'ECONNRESET' ? 'reset' : 'error'),
    );
    socket.on('close', () => this.note('close'));
  }

  private note(event: string): void {
    const last = this.events.at(-1);
    if (event.startsWith('data') && last?.startsWith('data')) {
      this.events[this.events.length - 1] =
        `data ${JSON.stringify(JSON.parse(last.slice(5)) + JSON.parse(event.slice(5)))}`;
    } else this.events.push(event);
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'));
  }

  /** Waits until an event matches. */
  async see(pattern: RegExp, deadlineMs = 5000): Promise<void> {
    await waitUntil(`${pattern}`, () => this.events.some((e) => pattern.test(e)), {
      deadlineMs,
      details: () => this.events.join('\n'),
    });
  }
}

export interface Stage {
  /** Ports of the proxy by the names in the configuration. */
  readonly ports: Readonly<Record<string, number>>;
  readonly open: (name: string, from?: string) => Promise<Peer>;
  /** What the origin does with a new connection. */
  onConnection: (peer: Peer) => void;
  /** Connections that reached the origin in this scenario. */
  readonly origin: Peer[];
}

export interface OpenStage {
  readonly stage: Stage;
  readonly originPort: number;
  readonly reset: () => Promise<void>;
  readonly close: () => void;
}

export async function openStage(): Promise<OpenStage> {
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const peer = new Peer(socket);
    stage.origin.push(peer);
    stage.onConnection(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stage: Stage = {
    ports: {},
    origin: [],
    onConnection: () => {},
    open: async (name, from = '127.0.0.1') => {
      const port = stage.ports[name]!;
      const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true });
      clients.add(socket);
      const peer = new Peer(socket);
      await new Promise((resolve) => socket.once('connect', resolve));
      return peer;
    },
  };
  const drop = (set: Set<Socket>): void => {
    for (const socket of set) socket.destroy();
    set.clear();
  };
  return {
    stage,
    originPort: (server.address() as { port: number }).port,
    reset: async () => {
      drop(clients);
      drop(sockets);
      stage.origin.length = 0;
      stage.onConnection = () => {};
      await sleep(30);
    },
    close: () => {
      drop(clients);
      drop(sockets);
      server.close();
    },
  };
}

/** A proxy that does not accept fails one exchange, not all that wait for it. */
export async function openSoon(stage: Stage, at: string): Promise<Peer> {
  const late = sleep(5000).then(() => null);
  const peer = await Promise.race([stage.open(at), late]);
  if (peer === null) throw new Error(`no connection to '${at}' within 5 s`);
  return peer;
}

/** A text is sent, a pattern waited for, a number slept in milliseconds; `fin!` and `reset!` end the own side. */
export type Act = string | RegExp | number | 'fin!' | 'reset!';

/** `waitMs`: how long a pattern is waited for. */
export async function act(peer: Peer, acts: readonly Act[], waitMs: number): Promise<void> {
  for (const one of acts) {
    if (typeof one === 'number') await sleep(one);
    else if (one === 'fin!') peer.socket.end();
    else if (one === 'reset!') peer.socket.resetAndDestroy();
    else if (typeof one === 'string') peer.send(one);
    else await peer.see(one, waitMs).catch(() => {});
  }
}

/** Answers every request head with this, whatever it asks for. */
export function answering(text: string, close = false): (peer: Peer) => void {
  return (peer) => {
    peer.socket.on('data', () => {
      if (close) peer.socket.end(Buffer.from(text, 'latin1'));
      else peer.send(text);
    });
  };
}

/** A log line without what differs from run to run: header, ports, dates, durations. */
export function maskLine(line: string): string {
  return line
    .replace(/^<\d+>.*?haproxy\[\d+\]: /, '')
    .replace(/(127\.[\d.]+):\d+/, '$1')
    .replace(/\[[^\]]+\]/, '[DATE]')
    .replace(
      / (-?\d+(?:\/\+?-?\d+){2,4}) /,
      (_, timers: string) =>
        ` ${timers
          .split('/')
          .map((t) => (t === '-1' ? t : 'N'))
          .join('/')} `,
    );
}
