/** Rows of `option NAME` and `no option NAME` that only switch something on and off (manual, chapter 4.2). */
import { type KeywordRow, rowsFor } from '../keyword.ts';
import type { ProxyNode, ProxySettings } from '../nodes.ts';

const proxyRow = rowsFor<ProxyNode>();

type Flag = {
  [K in keyof ProxySettings]-?: boolean extends NonNullable<ProxySettings[K]> ? K : never;
}[keyof ProxySettings];

export function flagRow(
  name: string,
  contexts: readonly string[],
  since: string,
  flag: Flag,
  doc: string,
): KeywordRow<ProxyNode> {
  return proxyRow(`option ${name}`, contexts, {
    since,
    doc,
    ok: [`option ${name}`, `no option ${name}`],
    bad: [[`option ${name} zork`, 'extra-argument']],
    apply: (node) => setFlag(node, flag, true),
    negate: (node) => setFlag(node, flag, false),
  });
}

function setFlag(node: ProxyNode, flag: Flag, value: boolean): void {
  node.settings[flag] = value;
}
