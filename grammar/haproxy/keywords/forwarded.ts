/**
 * `option forwarded` (manual, chapter 4.2): which parameters of RFC 7239's header are written, and what each is made of.
 *
 *     option forwarded [proto] [host | host-expr E] [by | by-expr E] [by_port | by_port-expr E] [for ...] [for_port ...]
 *
 * Without words it stands for `proto for`.
 */
import { LineReader } from '../expr/line-reader.ts';
import type { ForwardedPart, ForwardedSettings } from '../http-settings.ts';
import { type Call, type KeywordRow, rowsFor } from '../keyword.ts';
import type { ProxyNode } from '../nodes.ts';
import { backSide } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();

const parts: ReadonlyMap<string, ForwardedPart> = new Map([
  ['host', 'host'],
  ['by', 'by'],
  ['by_port', 'byPort'],
  ['for', 'for'],
  ['for_port', 'forPort'],
]);

const words = ['proto', ...[...parts.keys()].flatMap((name) => [name, `${name}-expr`])];

export const forwardedRows: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('option forwarded', backSide, {
    extra: 'free',
    since: '2.8',
    doc: 'Adds the Forwarded header of RFC 7239.',
    ok: [
      'option forwarded',
      'option forwarded proto host by by_port for for_port',
      'option forwarded host-expr str(example.com) by-expr str(_proxy) for-expr src,xxh32,hex for_port-expr int(10)',
    ],
    bad: [
      ['option forwarded zork', 'bad-value'],
      ['option forwarded host-expr', 'missing-argument'],
      ['option forwarded for-expr zork', 'unknown-fetch'],
    ],
    apply: setForwarded,
    negate(node) {
      node.settings.forwarded = null;
    },
  }),
];

function setForwarded(node: ProxyNode, call: Call): void {
  const settings: ForwardedSettings = call.words.length === 0 ? { proto: true, for: 'own' } : {};
  for (let at = 0; at < call.words.length; at++) {
    const word = call.words[at]!;
    const part = parts.get(word.text.replace(/-expr$/, ''));
    if (word.text === 'proto') settings.proto = true;
    else if (part === undefined) {
      const names = words.map((name) => `'${name}'`).join(', ');
      call.fail('bad-value', word, `'option forwarded' only supports ${names} (got '${word.text}').`);
      return;
    } else if (!word.text.endsWith('-expr')) settings[part] = 'own';
    else {
      const title = `'option forwarded ${word.text}'`;
      if (!new LineReader(node, call, ++at, title).sample('a sample expression')) return;
      settings[part] = call.words[at]!;
    }
  }
  node.settings.forwarded = settings;
  node.httpOnly.push({ keyword: call.keyword, at: call.at });
}
