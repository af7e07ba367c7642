/**
 * Names of proxy sections, looked at when their headers are read. A name may be used once on each side (a `listen` has
 * both); since 3.3 once at all, and then one release's reader stops at the second use.
 */
import type { Diagnostics } from '../diagnostic.ts';
import { positionOf, type Span } from '../source.ts';
import { isAtLeast, type Language } from './keyword.ts';
import type { ProxyNode } from './nodes.ts';

export class ProxyNames {
  /** Reading ends here. */
  isFatal = false;
  private readonly seen = new Map<string, ProxyNode>();
  private readonly diagnostics: Diagnostics;
  /** Do a frontend and a backend of one name clash? */
  private readonly isStrict: boolean;

  constructor({ diagnostics, language }: { readonly diagnostics: Diagnostics; readonly language: Language }) {
    this.diagnostics = diagnostics;
    this.isStrict = !language.lenient && isAtLeast(language.release, '3.3');
  }

  check(node: ProxyNode, header: Span): void {
    if (node.kind === 'defaults' || node.name === '') return;
    const sides = node.kind === 'listen' ? ['frontend', 'backend'] : [node.kind];
    const keys = this.isStrict ? [node.name] : sides.map((side) => `${side} ${node.name}`);
    const other = keys.map((key) => this.seen.get(key)).find((known) => known !== undefined);
    for (const key of keys) this.seen.set(key, other ?? node);
    if (!other) return;
    const { source, start } = other.at;
    const place = `${source.file}:${positionOf(source, start).line}`;
    const [kind, otherKind] = [node.kind, other.kind].map((name) => (name === 'listen' ? 'proxy' : name));
    const message = `${kind} '${node.name}' has the same name as ${otherKind} '${other.name}' declared at ${place}.`;
    const notes = [{ at: other.at, message: 'the first one is here' }];
    this.diagnostics.error('duplicate-proxy', this.isStrict ? header : node.at, message, { notes });
    this.isFatal = this.isStrict;
  }
}
