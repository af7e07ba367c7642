/** A backend, a request and a response for the steps of persistence, without anything around them. */
import type { CookieConf } from '../../../../src/config/persistence.ts';
import { noPersistence } from '../../../../src/config/persistence.ts';
import type { HttpStep } from '../../../../src/proxy/http/http-steps.ts';
import type { Transaction } from '../../../../src/proxy/http/http-transaction.ts';
import { RequestNotes } from '../../../../src/proxy/http/request-notes.ts';
import type { ClientAddress } from '../../../../src/proxy/listener/client-address.ts';
import { SessionRecord } from '../../../../src/proxy/log/record.ts';
import type { Backend } from '../../../../src/proxy/server/backend.ts';
import type { Server } from '../../../../src/proxy/server/server.ts';
import { parseRequestHead, parseResponseHead } from '../../../../src/wire/http1.ts';
import { Head } from '../../../../src/wire/http1-head.ts';
import { writeRequestHead, writeResponseHead } from '../../../../src/wire/http1-write.ts';
import { makeProxy, makeServer } from '../configuration.ts';

export const plainCookie: CookieConf = {
  name: 'SRV',
  mode: 'insert',
  indirect: false,
  nocache: false,
  postonly: false,
  preserve: false,
  httponly: false,
  secure: false,
  dynamic: false,
  domains: [],
  attributes: [],
  maxIdle: 0,
  maxLife: 0,
};

/** Servers s1, s2, ... with these cookies; `down` are the numbers of those that are. */
export function makeBackend(
  cookie: CookieConf,
  cookies: readonly (string | null)[],
  down: readonly number[] = [],
  persist = false,
): Backend {
  const servers = cookies.map((value, i) => ({
    conf: makeServer(i + 1, { cookie: value }),
    alive: !down.includes(i + 1),
  }));
  const conf = makeProxy({ mode: 'http', persistence: { ...noPersistence, cookie, persist } });
  return { conf, servers } as unknown as Backend;
}

export function makeTransaction(): Transaction {
  return { notes: new RequestNotes(0, 0, true), wanted: null, method: 1 } as unknown as Transaction;
}

class Lines {
  text = '';
  add(line: Uint8Array): void {
    this.text += Buffer.from(line).toString('latin1');
  }
}

const address = {} as ClientAddress;

/** The request's fields as the server gets them. */
export function passRequest(step: HttpStep, transaction: Transaction, fields: string): string {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${fields}\r\n`, 'latin1');
  const head = new Head();
  if (parseRequestHead(bytes, 0, bytes.length, head) <= 0) throw new Error('no request head');
  const lines = new Lines();
  step.onRequest!(transaction, bytes, head, lines, address);
  const out = Buffer.alloc(4096);
  const end = writeRequestHead(bytes, head, out, 0, out.length, Buffer.from(lines.text, 'latin1'));
  return out.toString('latin1', 'GET / HTTP/1.1\r\n'.length, end - 2);
}

/** The response's fields as the client gets them. */
export function passResponse(step: HttpStep, transaction: Transaction, server: Server, fields: string): string {
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n`, 'latin1');
  const head = new Head();
  if (parseResponseHead(bytes, 0, bytes.length, head) <= 0) throw new Error('no response head');
  const lines = new Lines();
  step.onResponse!(transaction, bytes, head, lines, server);
  const out = Buffer.alloc(4096);
  const end = writeResponseHead(bytes, head, out, 0, out.length, Buffer.from(lines.text, 'latin1'));
  return out.toString('latin1', 'HTTP/1.1 200 OK\r\n'.length, end - 2);
}

/** The two characters of the log line. */
export function statesOf({ notes, wanted }: Transaction): string {
  const record = new SessionRecord();
  notes!.fill(record, wanted);
  return record.cookieStates;
}
