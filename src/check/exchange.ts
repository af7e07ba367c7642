/**
 * One connection of one check, from connect to verdict:
 *
 * ```
 *   connect --> onConnected --> onData ... --> onEnd
 *      |            |             |             |
 *      +------------+-- settle ---+-------------+      (or the timer, or an error)
 * ```
 *
 * A probe supplies the steps; whichever step has the verdict calls `settle`. After that, nothing of the socket is heard.
 */
import { connect, type Socket } from 'node:net';
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
): () => void {
  const socket = openSocket(to);
  let connected = false;
  let timer = setTimeout(expire, limits.connectMs);

  function stop(close: 'close' | 'abort'): void {
    clearTimeout(timer);
    socket.removeAllListeners();
    socket.on('error', () => {}); // A late error of a connection that no longer matters.
    if (close === 'abort') socket.resetAndDestroy();
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
  socket.once('connect', () => {
    connected = true;
    if (limits.readMs !== null) {
      clearTimeout(timer);
      timer = setTimeout(expire, limits.readMs);
    }
    steps.onConnected(exchange);
  });
  socket.on('data', (chunk) => steps.onData?.(exchange, chunk));
  socket.once('end', () => steps.onEnd?.(exchange));
  socket.once('error', (error: NodeJS.ErrnoException) => {
    const code = error.code ?? error.message;
    settle(connected ? judgeStreamError(code) : judgeConnectError(to, code));
  });
  return () => stop('abort');
}

function openSocket(to: Destination): Socket {
  if (to.kind === 'unix') return connect({ path: to.path });
  const { host, port, source } = to;
  // One address, no racing of families: what is checked is what will be connected to.
  return connect({ host, port, autoSelectFamily: false, ...(source === null ? {} : { localAddress: source }) });
}
