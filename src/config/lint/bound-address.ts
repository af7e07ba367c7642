/** The addresses of `bind` lines, one by one, with their ports. */
import type { Span } from '../../../grammar/source.ts';
import { linesNamed, type ProxyView, type ViewLine } from './haproxy-view.ts';

export interface BoundAddress {
  /** '' and '*' are every address. Without brackets. */
  readonly host: string;
  readonly firstPort: number;
  readonly lastPort: number;
  readonly at: Span;
  readonly line: ViewLine;
  readonly proxy: ProxyView;
}

/** Of a proxy's own lines; names of other kinds (unix sockets, descriptors) and what the environment gives are left out. */
export function boundAddresses(proxy: ProxyView): BoundAddress[] {
  const lines = linesNamed(proxy.own, 'bind').flatMap((line) => {
    const word = line.words[1];
    return word && !word.open ? addressesIn(word.text).map((one) => ({ ...one, at: word.at, line, proxy })) : [];
  });
  const { words } = proxy.section.header;
  const old = words[2] && words[2].text !== 'from' && !words[2].open ? words[2] : null;
  const inHeader = old ? addressesIn(old.text) : [];
  return [...lines, ...inHeader.map((one) => ({ ...one, at: old!.at, line: proxy.section.header, proxy }))];
}

function addressesIn(text: string): { host: string; firstPort: number; lastPort: number }[] {
  return text.split(',').flatMap((part) => {
    const plain = part.replace(/^(?:quic[46]|ipv[46]|tcp[46]?|udp[46]?)@/, (prefix) =>
      /^(?:quic|udp)/.test(prefix) ? 'udp@' : '',
    );
    const match = /^(\[[^\]]*\]|[^@/]*):(\d+)(?:-(\d+))?$/.exec(plain);
    if (!match) return [];
    const firstPort = Number(match[2]);
    return [{ host: match[1]!.replace(/^\[|\]$/g, ''), firstPort, lastPort: Number(match[3] ?? firstPort) }];
  });
}
