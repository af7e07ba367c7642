/**
 * One test's stage: two nodes, "a" and "b", a listener, one virtual address; built for the test and gone after it, so
 * that tests may run side by side.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createNetwork, type Host } from '../lib/namespaces.ts';
import { waitUntil } from '../lib/wait.ts';
import { type Node, sliceOf, startKeepalived, startOurs, type TestInstance } from './role.ts';

export const vip = '10.90.0.100';

export interface Scene {
  readonly scratch: string;
  readonly host: (name: string) => Host;
  readonly start: (kind: Node['kind'], name: string, instance: TestInstance, env?: NodeJS.ProcessEnv) => Promise<Node>;
  readonly holds: (name: string) => Promise<boolean>;
  /** Resolves with the time when the address was seen there. */
  readonly waitForHolder: (name: string, deadlineMs?: number) => Promise<number>;
  readonly expectOneHolder: (name: string) => Promise<void>;
}

export async function inScene(body: (scene: Scene) => Promise<void>): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'tandem-vrrp-'));
  const network = await createNetwork({ hosts: ['a', 'b', 'listener'] });
  const nodes: Node[] = [];
  const { host } = network;
  const holds = async (name: string): Promise<boolean> => (await host(name).addresses()).includes(vip);
  try {
    await body({
      scratch,
      host,
      holds,
      start: async (kind, name, instance, env = {}) => {
        const node =
          kind === 'ours'
            ? await startOurs(host(name), sliceOf([instance]), scratch, env)
            : await startKeepalived(host(name), [instance], scratch, env);
        nodes.push(node);
        return node;
      },
      waitForHolder: async (name, deadlineMs = 8000) => {
        await waitUntil(`${vip} on ${name}`, () => holds(name), { deadlineMs, everyMs: 5, details: () => logs(nodes) });
        return performance.now();
      },
      expectOneHolder: async (name) => {
        const found = await Promise.all(['a', 'b'].map(async (each) => [each, await holds(each)] as const));
        expect(found.filter(([, has]) => has).map(([each]) => each)).toEqual([name]);
      },
    });
  } finally {
    await network.destroy();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** MASTER, BACKUP ... in order, as a node's log tells. */
export function stateChanges(node: Node): string[] {
  return [...node.log().matchAll(/Entering (\w+) STATE/g)].map((match) => match[1]!);
}

/** kill -9 of the parent process, as an out-of-memory killer would: the rest is up to its child. */
export async function kill(host: Host, node: Node): Promise<void> {
  if (node.kind === 'ours') node.process.kill('SIGKILL');
  else for (const { pid, name } of host.processes()) if (name === 'keepalived') killQuietly(pid);
  await node.process.exited;
  // keepalived's processes were all killed: nobody is left to remove the address.
  if (node.kind === 'keepalived') await host.exec('ip', ['addr', 'del', `${vip}/32`, 'dev', 'eth1']);
}

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

function logs(nodes: readonly Node[]): string {
  return nodes.map((node) => `--- ${node.kind}\n${node.log()}`).join('\n');
}
