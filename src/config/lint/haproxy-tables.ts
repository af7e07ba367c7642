/** Rules about stick tables: a key that the table's type cannot hold. */
import { boundAddresses } from './bound-address.ts';
import {
  type HaproxyView,
  hasWord,
  linesNamed,
  optionOf,
  type ProxyView,
  type ViewLine,
  type ViewWord,
} from './haproxy-view.ts';
import type { HaproxyRule, Report } from './rule.ts';

/** Fetches whose value never is an address or a number. */
const textFetch = /^(?:path|pathq|url|base|method|query|req\.ver|ssl_fc_sni|req_ssl_sni|req\.ssl_sni)(?![\w.])/;
/** Text that never starts with a digit. */
const wordFetch = /^(?:path|pathq|url|method)$/;
const addressFetch = /^(?:src|dst|fc_src|fc_dst)$/;

interface Use {
  readonly table: string;
  readonly key: ViewWord;
  readonly proxy: ProxyView;
}

/** `stick on KEY table T`, `track-scN KEY table T`; without a table it is the proxy's own. */
function usesIn(proxy: ProxyView): Use[] {
  return proxy.own.flatMap((line) => {
    const key = keyOf(line);
    if (!key || line.negated) return [];
    return [{ table: optionOf(line, 'table', 2)?.text ?? proxy.name, key, proxy }];
  });
}

function keyOf({ words }: ViewLine): ViewWord | null {
  const [first, second] = words.map((word) => word.text);
  if (first === 'stick' && /^(?:on|match|store-request|store-response)$/.test(second ?? '')) return words[2] ?? null;
  const track = words.findIndex(({ text }) => /^track-sc\d+$/.test(text));
  return track < 0 ? null : (words[track + 1] ?? null);
}

function checkKeys(view: HaproxyView, report: Report): void {
  const tables = new Map<string, { readonly type: ViewWord; readonly proxy: ProxyView }>();
  for (const proxy of view.proxies) {
    const type = linesNamed(proxy.own, 'stick-table')
      .map((line) => optionOf(line, 'type', 1))
      .find((word) => word !== null);
    if (type) tables.set(proxy.name, { type, proxy });
  }
  for (const use of view.proxies.flatMap(usesIn)) {
    const table = tables.get(use.table);
    const problem = table && problemOf(use, table.type.text, view);
    if (problem)
      report(use.key.at, problem, { notes: [{ at: table.type.at, message: 'the type of the table is here' }] });
  }
}

function problemOf({ key, proxy }: Use, type: string, view: HaproxyView): string | null {
  if (key.open) return null;
  const isPlain = !key.text.includes(',');
  if ((type === 'ip' || type === 'ipv6') && isPlain && textFetch.test(key.text)) {
    return `'${key.text}' is text and never an address, as the table's type '${type}' wants: nothing is stored`;
  }
  if (type === 'integer' && wordFetch.test(key.text)) {
    return `'${key.text}' is text: as a number it is always the same`;
  }
  if (type === 'ip' && addressFetch.test(key.text) && takesIpv6(proxy, view)) {
    return `clients come over IPv6 as well, and the table's type 'ip' holds IPv4 only: nothing is stored for them`;
  }
  return null;
}

/** Does an IPv6 listener lead here? Only the proxy's own lines and frontends that name it count. */
function takesIpv6(proxy: ProxyView, view: HaproxyView): boolean {
  const fronts = view.proxies.filter(
    (front) =>
      front === proxy ||
      front.own.some(
        ({ words, negated }) =>
          !negated && /^(?:use|default)_backend$/.test(words[0]!.text) && words[1]?.text === proxy.name,
      ),
  );
  return fronts
    .flatMap(boundAddresses)
    .some(({ host, line }) => host.includes(':') && !hasWord(line, 'accept-proxy', 2) && host !== '::1');
}

export const haproxyTableRules: readonly HaproxyRule[] = [
  {
    code: 'table-key-type',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A stick table whose type does not fit the key.',
    check: checkKeys,
  },
];
