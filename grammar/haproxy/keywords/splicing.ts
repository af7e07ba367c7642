/** Splicing between sockets, and the pipes for it (manual, chapters 3.2 and 4.2). Their numbers are read as C's atol does. */
import { type KeywordRow, rowsFor } from '../keyword.ts';
import type { GlobalNode, ProxyNode } from '../nodes.ts';
import type { SpliceSettings } from '../splice-settings.ts';
import { parseSize, word } from '../units.ts';
import { anyProxy, globalSection } from './contexts.ts';

const globalRow = rowsFor<GlobalNode>();
const proxyRow = rowsFor<ProxyNode>();

export const pipeRows: readonly KeywordRow<GlobalNode>[] = [
  globalRow('nosplice', globalSection, {
    since: '1.3',
    doc: 'Copies bytes whatever the options of proxies say.',
    ok: ['nosplice'],
    bad: [['nosplice zork', 'extra-argument']],
    apply(node) {
      node.settings.noSplice = true;
    },
  }),
  globalRow('maxpipes', globalSection, {
    args: [word('number')],
    since: '1.3',
    doc: 'Most pipes for splicing; one session in four of maxconn can have one unless told otherwise.',
    ok: ['maxpipes 100'],
    bad: [
      ['maxpipes', 'missing-argument'],
      ['maxpipes 5 6', 'extra-argument'],
    ],
    apply(node, _call, number) {
      node.settings.maxPipes = Math.max(0, Number.parseInt(number.text, 10) || 0);
    },
  }),
  globalRow('tune.pipesize', globalSection, {
    args: [word('size')],
    since: '1.5',
    doc: 'Size of pipes for splicing.',
    ok: ['tune.pipesize 1048576', 'tune.pipesize 1m'],
    bad: [
      ['tune.pipesize', 'missing-argument'],
      ['tune.pipesize 5 6', 'extra-argument'],
    ],
    apply(node, _call, size) {
      node.settings.pipeSize = Math.max(0, parseSize(size.text) ?? (Number.parseInt(size.text, 10) || 0));
    },
  }),
];

function spliceRow(name: string, key: keyof SpliceSettings, doc: string): KeywordRow<ProxyNode> {
  return proxyRow(`option ${name}`, anyProxy, {
    since: '1.3',
    doc,
    ok: [`option ${name}`, `no option ${name}`],
    bad: [[`option ${name} zork`, 'extra-argument']],
    apply(node) {
      node.settings[key] = true;
    },
    negate(node) {
      node.settings[key] = false;
    },
  });
}

export const spliceRows: readonly KeywordRow<ProxyNode>[] = [
  spliceRow('splice-auto', 'spliceAuto', 'Splices both directions of a session while they bring much.'),
  spliceRow('splice-request', 'spliceRequest', 'Splices what clients send while it is much.'),
  spliceRow('splice-response', 'spliceResponse', 'Splices what servers send while it is much.'),
];
