/** A client's connection for a soak: writes raw requests, reads whole answers one after another, can be cut at any time. */
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** False: the connection ended within it. */
  readonly whole: boolean;
}

const BLANK_LINE = Buffer.from('\r\n\r\n');

export class Link {
  readonly socket: Socket;
  /** The other side has ended or reset the connection. */
  over = false;
  private bytes = Buffer.alloc(0);
  private wake: (() => void) | null = null;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setNoDelay(true);
    const note = (): void => {
      this.wake?.();
      this.wake = null;
    };
    this.socket.on('data', (data) => {
      this.bytes = this.bytes.length === 0 ? data : Buffer.concat([this.bytes, data]);
      note();
    });
    for (const event of ['end', 'error', 'close']) {
      this.socket.on(event, () => {
        this.over = true;
        note();
      });
    }
  }

  send(text: string | Buffer): void {
    if (this.socket.writable) this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  cut(): void {
    this.socket.resetAndDestroy();
  }

  /** Ends this side, and waits a moment for the other one. */
  async leave(): Promise<void> {
    this.socket.end();
    const end = performance.now() + 2000;
    while (!this.over && performance.now() < end) await this.more(end);
    this.socket.destroy();
  }

  /** Waits for news until `end`; false when there are none any more. */
  private async more(end: number): Promise<boolean> {
    if (this.over) return false;
    const before = this.bytes.length;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, Math.max(1, end - performance.now()));
    });
    clearTimeout(timer);
    return this.bytes.length > before || performance.now() < end;
  }

  /** `count` bytes, or fewer when the connection ends or the time is over. */
  async readBytes(count: number, timeoutMs = 15_000): Promise<Buffer> {
    const end = performance.now() + timeoutMs;
    while (this.bytes.length < count && (await this.more(end)));
    return this.take(Math.min(count, this.bytes.length));
  }

  private take(count: number): Buffer {
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }

  /** Null: the connection ended, or nothing came, before a byte of an answer. */
  async readAnswer(timeoutMs = 15_000): Promise<Answer | null> {
    const end = performance.now() + timeoutMs;
    let at = -1;
    for (;;) {
      at = this.bytes.indexOf(BLANK_LINE);
      if (at >= 0 || !(await this.more(end))) break;
    }
    if (at < 0) return this.bytes.length === 0 ? null : { status: 0, body: this.bytes, whole: false };
    const head = this.take(at + 4).toString('latin1');
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0);
    if (status === 100) return this.readAnswer(timeoutMs);
    if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return this.readChunks(status, end);
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
    const wanted = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
    while (this.bytes.length < wanted && (await this.more(end)));
    const body = this.take(Math.min(wanted, this.bytes.length));
    return { status, body, whole: length === undefined ? this.over : body.length === wanted };
  }

  private async readChunks(status: number, end: number): Promise<Answer> {
    const parts: Buffer[] = [];
    for (;;) {
      let line = this.bytes.indexOf('\r\n');
      while (line < 0 && (await this.more(end))) line = this.bytes.indexOf('\r\n');
      if (line < 0) break;
      const size = Number.parseInt(this.take(line + 2).toString('latin1'), 16);
      while (this.bytes.length < size + 2 && (await this.more(end)));
      const part = this.take(Math.min(size, this.bytes.length));
      parts.push(part);
      if (part.length < size || this.bytes.length < 2) break;
      this.take(2);
      if (size === 0) return { status, body: Buffer.concat(parts), whole: true };
    }
    return { status, body: Buffer.concat(parts), whole: false };
  }
}
