/** Rules about addresses in haproxy.cfg that can be none: the originals notice when they look them up. */
import { serverTable } from '../../../grammar/haproxy/keywords/table.ts';
import type { HaproxyView, ViewLine, ViewWord } from './haproxy-view.ts';
import type { HaproxyRule, Report } from './rule.ts';

function* linesOf(view: HaproxyView): Generator<ViewLine> {
  for (const { header, lines } of view.sections) yield* [header, ...lines];
}

function checkServerNames(view: HaproxyView, report: Report): void {
  for (const { words } of linesOf(view)) {
    const [keyword, name, address] = words;
    if (keyword?.text !== 'server' || !name || !address || address.open) continue;
    if (!/^\d+(?:\.\d+){3}(?::\d+)?$/.test(name.text) || !serverTable.rows.has(address.text)) continue;
    report(name.at, `the server has no name: '${name.text}' is taken for it, and '${address.text}' for its address`, {
      suggestion: `s1 ${name.text}`,
    });
  }
}

/** Numbers and dots only, and no address: no host name looks like that either. */
function checkAddresses(view: HaproxyView, report: Report): void {
  for (const { words } of linesOf(view)) {
    const found = words[0]!.text === 'server' ? words[2] : words[0]!.text === 'bind' ? words[1] : undefined;
    const odd = found && !found.open ? oddAddress(found) : null;
    if (odd !== null) report(found!.at, `'${odd}' is no address: its numbers go from 0 to 255`);
  }
}

function oddAddress({ text }: ViewWord): string | null {
  const [, host] = /^(?:ipv4@|tcp4?@)?(\d+(?:\.\d+){3,})(?::[-+\d]*)?$/.exec(text) ?? [];
  if (host === undefined) return null;
  const numbers = host.split('.').map(Number);
  return numbers.length > 4 || numbers.some((number) => number > 255) ? host : null;
}

export const haproxyWordRules: readonly HaproxyRule[] = [
  {
    code: 'server-without-name',
    language: 'haproxy',
    severity: 'error',
    doc: 'A server line without a name: the address is taken for it.',
    check: checkServerNames,
  },
  {
    code: 'impossible-address',
    language: 'haproxy',
    severity: 'error',
    doc: 'Numbers and dots that are no address, and cannot be a host name.',
    check: checkAddresses,
  },
];
