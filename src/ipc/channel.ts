/**
 * The channel between core and a role: Node's own IPC (`child_process` with `serialization: 'advanced'`).
 *
 * `serveParent` is the role's side: it dispatches core's messages to a handler object and ends the role when core is
 * gone, so that no role outlives its core.
 */
import type { ChildProcess } from 'node:child_process';
import { fatal } from '../fatal.ts';
import type { Handlers } from './messages.ts';

type Message = { readonly type: string };

/** Calls the handler of a message. A message without one is our bug. */
export function dispatch<M extends Message>(handlers: Handlers<M>, message: unknown): void {
  const type = (message as Message | null)?.type;
  const handler = type === undefined ? undefined : (handlers as Record<string, (m: unknown) => void>)[type];
  if (!handler) fatal(`unknown message ${JSON.stringify(message)?.slice(0, 200)}`);
  handler(message);
}

/** Core's side: sends to a role. A role that has just died is no error: core hears of its exit anyway. */
export function sendTo<M extends Message>(role: ChildProcess, message: M): void {
  if (role.connected) role.send(message, () => {});
}

/** The role's side. `onCoreGone` runs once when core has died; the role then undoes what it must and exits. */
export function serveParent<In extends Message, Out extends Message>(
  handlers: Handlers<In>,
  onCoreGone: () => void,
): (message: Out) => void {
  process.on('message', (message) => dispatch(handlers, message));
  process.once('disconnect', onCoreGone);
  return (message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
}
