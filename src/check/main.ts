/**
 * The check role: health checks of HAProxy servers, on Node's ordinary event loop.
 *
 * Core sends `config` and `config-done`; the role answers `ready` and replays what it already knows, then tells every
 * result as `server-health`. It ends with core. A dead check role is started again with core's `known` states. With its
 * first configuration it gives up its rights for good: a configuration with other ones gets another process.
 */
import { lookup } from 'node:dns/promises';
import { serveParent } from '../ipc/channel.ts';
import type { FromCheck, Handlers, ToCheck } from '../ipc/messages.ts';
import { dropPrivileges } from '../os/privileges.ts';
import { findNamespaces } from './check-socket.ts';
import { Roster } from './roster.ts';

type Config = Extract<ToCheck, { type: 'config' }>;

export function runCheck(): void {
  let pending: Config | null = null;
  let generation = 0;
  let isFree = false;
  const roster = new Roster({
    now: Date.now,
    monotonicNow: () => performance.now(),
    setTimer: (run, delayMs) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    lookUp: async (name, family) => {
      const found = await lookup(name, { family }).catch(() => null);
      return found?.address ?? null;
    },
    report: (health) => send({ type: 'server-health', generation, states: [health] }),
  });

  const handlers = {
    config: (message) => {
      pending = message;
    },
    'config-done': (message) => {
      if (pending?.generation !== message.generation) return;
      generation = message.generation;
      const { targets, rights } = pending.conf;
      findNamespaces(targets.map(({ link }) => link));
      const failure = isFree ? null : dropPrivileges(rights);
      if (failure !== null) {
        process.send?.({ type: 'fatal', what: failure }, () => process.exit(1));
        return;
      }
      isFree = true;
      roster.apply(pending.conf, pending.known);
      pending = null;
      send({ type: 'ready', generation });
      send({ type: 'server-health', generation, states: roster.describeAll() });
    },
    stop: () => process.exit(0),
  } satisfies Handlers<ToCheck>;

  const send = serveParent<ToCheck, FromCheck>(handlers, () => process.exit(0));
}
