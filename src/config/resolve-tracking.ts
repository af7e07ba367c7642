/**
 * `track [<backend>/]<server>`: whose state a server takes over. Chains are allowed when a server that is checked stands
 * at their end; loops are not. A disabled one there disables those that track it (HAProxy: "MAINT (via ...)").
 */
import type { ServerNode } from '../../grammar/haproxy/nodes.ts';
import { type MergedProxy, type ProxyIndex, settingsOf } from './merged-proxies.ts';
import type { ResolveOptions } from './resolve-surroundings.ts';

/** A server in its backend. */
export interface Tracked {
  readonly proxy: MergedProxy;
  readonly server: ServerNode;
}

/** Null: it tracks nobody, or nobody that can be tracked, which was reported. */
export function resolveTracked(own: Tracked, index: ProxyIndex, options: ResolveOptions): Tracked | null {
  const { proxy, server } = own;
  const settings = settingsOf(server, proxy);
  if (!settings.track) return null;
  const { text, at } = settings.track;
  const where = `'server ${nameOf(own)}'`;
  const fail = (code: string, problem: string): null => {
    options.diagnostics.error(code, at, `${where} : ${problem}`);
    return null;
  };
  if (settings.check) return fail('check-and-track', 'unable to enable checks and tracking at the same time!');
  const tracked = findTracked(own, index);
  if (typeof tracked === 'string')
    return fail('unknown-server', `unable to find required ${tracked} '${text}' for tracking.`);
  const other = settingsOf(tracked.server, tracked.proxy);
  if (!other.check && !other.agentCheck && !other.track) {
    return fail(
      'untracked-server',
      `unable to use ${nameOf(tracked)} for tracking as it does not have any check nor agent enabled.`,
    );
  }
  if (closesLoop(own, tracked, index)) {
    const loop = `belongs to a tracking chain looping back to ${nameOf(own)}`;
    return fail('tracking-loop', `unable to track ${nameOf(tracked)} as it ${loop}.`);
  }
  return tracked;
}

/** Whether the server at the end of the chain is out of service by configuration. */
export function isDisabledByTracking(own: Tracked, index: ProxyIndex): boolean {
  const end = [...chainFrom(own, index)].at(-1);
  return end !== undefined && !!settingsOf(end.server, end.proxy).disabled;
}

function nameOf({ proxy, server }: Tracked): string {
  return `${proxy.node.name}/${server.name.text}`;
}

/** What is missing, as a word, when there is no such server. */
function findTracked({ proxy, server }: Tracked, index: ProxyIndex): Tracked | 'proxy' | 'server' {
  const { text } = settingsOf(server, proxy).track!;
  const slash = text.indexOf('/');
  const owner = slash < 0 ? proxy : index.backends.get(text.slice(0, slash));
  if (!owner) return 'proxy';
  const found = owner.node.servers.find((other) => other.name.text === text.slice(slash + 1));
  return found ? { proxy: owner, server: found } : 'server';
}

/** Everybody that a server follows, nearest first; ends where a loop begins anew. */
function* chainFrom(own: Tracked, index: ProxyIndex): Generator<Tracked> {
  const seen = new Set<ServerNode>([own.server]);
  for (let at = own; settingsOf(at.server, at.proxy).track; ) {
    const next = findTracked(at, index);
    if (typeof next === 'string' || seen.has(next.server)) return;
    seen.add(next.server);
    yield next;
    at = next;
  }
}

/** Of the servers of a loop, the one that stands last in the file closes it. */
function closesLoop(own: Tracked, tracked: Tracked, index: ProxyIndex): boolean {
  if (tracked.server === own.server) return true;
  const chain = [...chainFrom(own, index)];
  const last = chain.at(-1)!;
  if (!settingsOf(last.server, last.proxy).track) return false;
  const back = findTracked(last, index);
  if (typeof back === 'string' || back.server !== own.server) return false;
  return chain.every((other) => stands(other, index) < stands(own, index));
}

function stands({ proxy, server }: Tracked, index: ProxyIndex): number {
  return index.list.indexOf(proxy) * 1_000_000 + proxy.node.servers.indexOf(server);
}
