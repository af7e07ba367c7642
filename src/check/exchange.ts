/**
 * One connection of one check, from connect to verdict:
 *
 * ```
 *   connect --> (SOCKS4) --> (PROXY header) --> onConnected --> onData ... --> onEnd
 *      |            |               |                |             |             |
 *      +------------+---------------+--- settle -----+-------------+-------------+      (or the timer, or an error)
 * ```
 *
 * A probe supplies the steps; whichever step has the verdict calls `settle`. After that, nothing of the socket is heard.
 */
import { isIPv4, type Socket } from 'node:net';
import type { ProxyHeaderConf } from '../config/server-link.ts';
import { packInet4 } from '../os/address.ts';
import { encodeSocks4, isSocks4Granted, SOCKS4_ANSWER } from '../wire/socks4.ts';
import { openCheckSocket } from './check-socket.ts';
import { encodeGreeting } from './greeting.ts';
import { judgeConnectError, judgeStreamError } from './socket-error.ts';
import { type Destination, type Limits, makeVerdict, type Verdict } from './verdict.ts';

export interface Exchange {
  readonly socket: Socket;
  /** Ends the check. `abort` resets the connection rather than closing it. */
  readonly settle: (verdict: Verdict, close?: 'close' | 'abort') => void;
}

export interface ExchangeSteps {
  readonly onConnected: (exchange: Exchange) => void;
  readonly onData?: (exchange: Exchange, chunk: Buffer) => void;
  readonly onEnd?: (exchange: Exchange) => void;
}

/** Starts an exchange and returns what cancels it. */
export function beginExchange(
  to: Destination,
  limits: Limits,
  steps: ExchangeSteps,
  finish: (verdict: Verdict) => void,
  header: ProxyHeaderConf | null = null,
): () => void {
  const opened = openCheckSocket(to);
  return typeof opened === 'string'
    ? failSoon(opened, finish)
    : watchExchange(opened, to, limits, steps, finish, header);
}

function watchExchange(
  socket: Socket,
  to: Destination,
  limits: Limits,
  steps: ExchangeSteps,
  finish: (verdict: Verdict) => void,
  header: ProxyHeaderConf | null,
): () => void {
  let connected = false;
  let timer = setTimeout(expire, limits.connectMs);

  function stop(close: 'close' | 'abort'): void {
    clearTimeout(timer);
    socket.removeAllListeners();
    socket.on('error', () => {}); // A late error of a connection that no longer matters.
    // Only TCP knows resets.
    if (close === 'abort' && to.kind === 'ip') socket.resetAndDestroy();
    else socket.destroy();
  }
  function settle(verdict: Verdict, close: 'close' | 'abort' = 'close'): void {
    stop(close);
    finish(verdict);
  }
  function expire(): void {
    settle(makeVerdict(connected ? 'L7TOUT' : 'L4TOUT'), 'abort');
  }

  const exchange: Exchange = { socket, settle };
  function begin(): void {
    if (header !== null) socket.write(encodeGreeting(header, socket));
    socket.on('data', (chunk) => steps.onData?.(exchange, chunk));
    steps.onConnected(exchange);
  }
  socket.once('connect', () => {
    connected = true;
    if (limits.readMs !== null) {
      clearTimeout(timer);
      timer = setTimeout(expire, limits.readMs);
    }
    if (to.kind === 'ip' && to.link?.checkViaSocks4 && to.link.socks4 !== null) askSocks(socket, to, begin, settle);
    else begin();
  });
  socket.once('end', () => steps.onEnd?.(exchange));
  socket.once('error', (error: NodeJS.ErrnoException) => {
    const code = error.code ?? error.message;
    settle(connected ? judgeStreamError(code) : judgeConnectError(to, code));
  });
  return () => stop('abort');
}

/** The machine itself is in the way: told in a turn of its own, as every verdict is. */
function failSoon(problem: string, finish: (verdict: Verdict) => void): () => void {
  const soon = setImmediate(() => finish(makeVerdict('L4CON', `General socket error (${problem})`)));
  return () => clearImmediate(soon);
}

/** Asks the SOCKS4 proxy for the server; what comes behind its answer is the server's. */
function askSocks(
  socket: Socket,
  to: { readonly host: string; readonly port: number },
  begin: () => void,
  settle: Exchange['settle'],
): void {
  if (!isIPv4(to.host)) {
    settle(makeVerdict('SOCKERR'), 'abort');
    return;
  }
  const answer = Buffer.alloc(SOCKS4_ANSWER);
  let length = 0;
  socket.on('data', function onData(chunk: Buffer) {
    const taken = chunk.copy(answer, length);
    length += taken;
    if (length < SOCKS4_ANSWER) return;
    socket.off('data', onData);
    if (!isSocks4Granted(answer, 0)) {
      settle(makeVerdict('L4CON'), 'abort');
      return;
    }
    begin();
    if (taken < chunk.length) socket.emit('data', chunk.subarray(taken));
  });
  socket.write(encodeSocks4(packInet4(to.host), to.port));
}
