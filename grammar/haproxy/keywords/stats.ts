/** `stats ...` of proxies: the statistics page (manual, chapter 4.2 "stats"). The stats socket is in `global.ts`. */
import { type KeywordRow, rowsFor } from '../keyword.ts';
import type { ProxyNode, StatsSettings } from '../nodes.ts';
import { time, word } from '../units.ts';
import { anyProxy } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();

function statsRow(
  name: string,
  doc: string,
  set: (stats: StatsSettings, value: string | undefined) => void,
  label: string | null,
  needed: boolean,
): KeywordRow<ProxyNode> {
  return proxyRow(`stats ${name}`, anyProxy, {
    extra: 'ignored',
    optional: label === null ? 0 : 1,
    since: '1.3',
    doc,
    ok: [`stats ${name}${label === null ? '' : ' word'}`],
    bad: needed ? [[`stats ${name}`, 'missing-argument']] : [],
    apply(node, call) {
      if (needed && call.words.length === 0) {
        call.fail('missing-argument', undefined, `'stats ${name}' expects ${label} as argument.`);
        return;
      }
      node.stats.enabled = true;
      set(node.stats, call.words[0]?.text);
    },
  });
}

export const statsRows: readonly KeywordRow<ProxyNode>[] = [
  statsRow('enable', 'Serves the statistics page with its default settings.', () => {}, null, false),
  statsRow(
    'uri',
    'Path of the statistics page.',
    (stats, value) => {
      stats.uri = value!;
    },
    '<prefix>',
    true,
  ),
  statsRow(
    'realm',
    'Realm that browsers show when they ask for a password.',
    (stats, value) => {
      stats.realm = value!;
    },
    '<realm>',
    true,
  ),
  statsRow(
    'hide-version',
    'Leaves the version out of the page.',
    (stats) => {
      stats.hideVersion = true;
    },
    null,
    false,
  ),
  statsRow(
    'show-legends',
    'Shows addresses and parameters as tool tips.',
    (stats) => {
      stats.showLegends = true;
    },
    null,
    false,
  ),
  proxyRow('stats show-node', anyProxy, {
    extra: 'ignored',
    optional: 1,
    since: '1.3',
    doc: "Shows a node name, the machine's unless given.",
    ok: ['stats show-node', 'stats show-node web_1.example.com'],
    bad: [['stats show-node 127.0.0.1:80', 'bad-name']],
    apply(node, call) {
      const [name] = call.words;
      if (name && !/^[\w.-]+$/.test(name.text)) {
        const expected = 'letters, digits, - _ and .';
        call.fail('bad-name', name, `'stats show-node' : invalid node name '${name.text}'.`, { expected });
        return;
      }
      node.stats.enabled = true;
      node.stats.showNode = name?.text ?? '';
    },
  }),
  statsRow(
    'scope',
    'Restricts the page to the proxies named.',
    (stats, value) => {
      stats.scope = [...(stats.scope ?? []), value!];
    },
    '<name>',
    true,
  ),
  proxyRow('stats show-desc', anyProxy, {
    extra: 'free',
    since: '1.3',
    doc: 'Shows a description, the global one unless given.',
    ok: ['stats show-desc', 'stats show-desc "our own"'],
    apply(node, call) {
      node.stats.enabled = true;
      node.stats.showDesc = call.words.map((value) => value.text).join(' ');
    },
  }),
  proxyRow('stats auth', anyProxy, {
    args: [word('<user>:<password>')],
    extra: 'ignored',
    since: '1.3',
    doc: 'Asks for this name and password; may be given more than once.',
    ok: ['stats auth admin:secret'],
    bad: [['stats auth', 'missing-argument']],
    apply(node, _call, credentials) {
      const colon = credentials.text.indexOf(':');
      const user = colon < 0 ? credentials.text : credentials.text.slice(0, colon);
      const password = colon < 0 ? '' : credentials.text.slice(colon + 1);
      node.stats.enabled = true;
      node.stats.auth = [...(node.stats.auth ?? []), { user, password }];
    },
  }),
  proxyRow('stats refresh', anyProxy, {
    args: [time('s')],
    extra: 'ignored',
    since: '1.3',
    doc: 'Makes browsers load the page again at this interval (seconds unless a unit is given).',
    ok: ['stats refresh 5s', 'stats refresh 5'],
    bad: [['stats refresh often', 'bad-time']],
    apply(node, _call, ms) {
      node.stats.enabled = true;
      node.stats.refreshSeconds = Math.floor(ms / 1000);
    },
  }),
];
