/**
 * Names that lines of a proxy give to other things: stick tables, proxies, servers, user lists, caches, resolvers, peers.
 * The lines are right as far as they go; here the things are looked up, as HAProxy does when it has read everything.
 */
import type { HaproxyNodes, ProxyNode } from '../../grammar/haproxy/nodes.ts';
import type { Span } from '../../grammar/source.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type { MergedProxy, ProxyIndex } from './merged-proxies.ts';
import type { ResolveOptions } from './resolve-surroundings.ts';

export function checkReferences(nodes: HaproxyNodes, index: ProxyIndex, options: ResolveOptions): void {
  for (const { code, at, message } of nodes.faults) options.diagnostics.error(code, at, message);
  const lookUp = new References(nodes, index, options);
  for (const proxy of index.list) if (!proxy.settings.disabled) lookUp.check(proxy);
}

type SampleReference = ProxyNode['sampleReferences'][number];

class References {
  private readonly nodes: HaproxyNodes;
  private readonly proxies: readonly MergedProxy[];
  private readonly options: ResolveOptions;
  private readonly tables: Set<string>;

  constructor(nodes: HaproxyNodes, index: ProxyIndex, options: ResolveOptions) {
    this.nodes = nodes;
    this.proxies = index.list;
    this.options = options;
    const own = nodes.proxies.filter((node) => node.hasTable && node.kind !== 'defaults').map((node) => node.name);
    this.tables = new Set([...own, ...nodes.tables]);
  }

  check(proxy: MergedProxy): void {
    const { node } = proxy;
    for (const reference of node.sampleReferences) this.checkSample(proxy, reference);
    for (const { section, name } of node.sectionReferences) this.checkSection(node, section, name.text, name.at);
    for (const server of node.serverReferences) {
      if (this.hasServer(proxy, server.text)) continue;
      const message = `unable to find server '${server.text}' referenced in a 'use-server' rule.`;
      this.report('unknown-server', node, message, server.at);
    }
    for (const server of node.servers) this.checkServer(proxy, server);
  }

  private checkSample(proxy: MergedProxy, { kind, name, keyword, at }: SampleReference): void {
    const { node } = proxy;
    const wanted = name === '' ? node.name : name;
    if (kind === 'userlist') this.checkSection(node, 'userlist', name, at);
    else if (kind === 'table' && !this.tables.has(wanted)) {
      const suggestion = nearestWord(wanted, this.tables);
      const message = `unable to find table '${wanted}' referenced by '${keyword}'.`;
      this.report('unknown-table', node, message, at, suggestion);
    } else if (kind === 'server' && !this.hasServer(proxy, name)) {
      this.report('unknown-server', node, `unable to find server '${name}' referenced by '${keyword}'.`, at);
    } else if ((kind === 'frontend' || kind === 'backend') && !this.hasSide(kind, wanted)) {
      this.report('unknown-proxy', node, `unable to find ${kind} '${wanted}' referenced by '${keyword}'.`, at);
    }
  }

  private hasSide(side: 'frontend' | 'backend', name: string): boolean {
    return this.proxies.some(({ kind, node }) => node.name === name && (kind === side || kind === 'listen'));
  }

  /** A server as "backend/server", or of the proxy itself. Servers made of templates have numbers. */
  private hasServer(proxy: MergedProxy, name: string): boolean {
    const slash = name.indexOf('/');
    const owner =
      slash < 0
        ? proxy
        : this.proxies.find(({ kind, node }) => kind !== 'frontend' && node.name === name.slice(0, slash));
    const wanted = name.slice(slash + 1);
    if (!owner) return false;
    const isTemplate = owner.node.templates.some((prefix) => wanted.startsWith(prefix));
    return isTemplate || owner.node.servers.some((server) => server.name.text === wanted);
  }

  private checkSection(node: ProxyNode, section: string, name: string, at: Span): void {
    const known = this.nodes.declared.get(section) ?? new Set<string>();
    if (known.has(name)) return;
    const suggestion = nearestWord(name, known);
    const message = `unable to find the '${section}' section '${name}'.`;
    this.report('unknown-section', node, message, at, suggestion);
  }

  private checkServer(proxy: MergedProxy, server: ProxyNode['servers'][number]): void {
    const settings = { ...proxy.defaultServer, ...server.inherited, ...server.settings };
    const where = `server ${proxy.node.name}/${server.name.text}`;
    if (settings.resolvers) this.checkSection(proxy.node, 'resolvers', settings.resolvers.text, settings.resolvers.at);
    const isVerified = settings.verify ? settings.verify !== 'none' : !this.nodes.global.trustsServers;
    if ((settings.tls || settings.checkTls) && isVerified && !settings.caFile) {
      const message = `'${where}' : verify is enabled by default but no CA file is specified ('ca-file' or 'verify none').`;
      this.options.diagnostics.error('missing-ca-file', server.at, message);
    }
    if (settings.agentCheck && !settings.agentPort) {
      const message = `'${where}' : 'agent-check' needs 'agent-port'.`;
      this.options.diagnostics.error('missing-agent-port', server.at, message);
    }
  }

  private report(code: string, node: ProxyNode, message: string, at: Span, suggestion?: string): void {
    this.options.diagnostics.error(code, at, `Proxy '${node.name}': ${message}`, suggestion ? { suggestion } : {});
  }
}
