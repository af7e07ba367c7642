/** Network namespaces that servers are reached in: one that is not there stops the start, as in HAProxy. */
import type { HaproxyConfig } from '../config/haproxy.ts';
import { CLIENTS_NAMESPACE } from '../config/server-link.ts';
import { closeNamespace, openNamespace } from '../os/namespace.ts';

/** One sentence for each server, and each line of `namespace_list`, whose namespace cannot be opened. */
export function findMissingNamespaces({ global, proxies }: HaproxyConfig): string[] {
  const known = new Map<string, boolean>();
  const absent = global.namespaces.filter((name) => !isThere(name, known));
  const problems = absent.map((name) => `config : Cannot open namespace '${name}'.`);
  for (const proxy of proxies) {
    for (const { name, link, place } of proxy.servers) {
      const { namespace } = link;
      if (namespace === null || namespace === CLIENTS_NAMESPACE || isThere(namespace, known)) continue;
      const where = `config : [${place.file}:${place.line}] : 'server ${proxy.name}/${name}'`;
      problems.push(`${where} : Cannot open namespace '${namespace}'.`);
    }
  }
  return problems;
}

function isThere(name: string, known: Map<string, boolean>): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const fd = openNamespace(name);
  if (fd !== null) closeNamespace(fd);
  known.set(name, fd !== null);
  return fd !== null;
}
