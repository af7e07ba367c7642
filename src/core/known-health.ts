/**
 * What is known of the servers' health, kept by core so that a restarted proxy or check role goes on from it.
 *
 * States are kept by names, because ids may change with a reload. A server whose address or check has changed is a
 * new server: nothing is known of it.
 */
import type { CheckList, CheckTarget } from '../config/slice.ts';
import type { ServerHealth } from '../ipc/messages.ts';

interface Entry {
  readonly target: CheckTarget;
  state: ServerHealth | null;
}

export class KnownHealth {
  private byIds = new Map<string, Entry>();

  /** A new configuration is in force; states of servers that it still checks in the same way are carried over. */
  setTargets(slice: CheckList): void {
    const states = new Map(this.replayFor(slice).map((state) => [keyOf(state), state]));
    this.byIds = new Map(
      slice.targets.map((target) => [keyOf(target), { target, state: states.get(keyOf(target)) ?? null }]),
    );
  }

  learn(states: readonly ServerHealth[]): void {
    for (const state of states) {
      const entry = this.byIds.get(keyOf(state));
      if (entry) entry.state = state;
    }
  }

  /** What is known of the servers of a configuration, with its ids, marked as a replay. */
  replayFor(slice: CheckList): ServerHealth[] {
    const known = new Map([...this.byIds.values()].map((entry) => [identityOf(entry.target), entry.state]));
    return slice.targets.flatMap((target) => {
      const state = known.get(identityOf(target));
      if (!state) return [];
      return [{ ...state, proxyId: target.proxyId, serverId: target.serverId, event: 'replay' as const }];
    });
  }
}

function keyOf(ids: { readonly proxyId: number; readonly serverId: number }): string {
  return `${ids.proxyId}/${ids.serverId}`;
}

function identityOf(target: CheckTarget): string {
  const { proxyName, serverName, address, method, check } = target;
  return JSON.stringify([proxyName, serverName, address, method, check]);
}
