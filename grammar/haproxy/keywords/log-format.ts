/** Formats of log lines (manual, chapters 4.2 and 8.2): the user's own, and those that have names. */
import { LineReader } from '../expr/line-reader.ts';
import { type Call, isAtLeast, type KeywordRow, rowsFor } from '../keyword.ts';
import type { NamedLogFormat, ProxyNode } from '../nodes.ts';
import { word } from '../units.ts';
import { anyProxy, frontSide } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();

function formatRow(
  name: string,
  key: 'logFormat' | 'logFormatSd' | 'errorLogFormat',
  since: string,
  doc: string,
): KeywordRow<ProxyNode> {
  return proxyRow(name, frontSide, {
    args: [word('<format>')],
    since,
    doc,
    usage: `${name} expects an argument.`,
    ok: [`${name} '%ci:%cp [%t] %ft'`, `${name} %[src]`],
    bad: [
      [name, 'missing-argument'],
      [`${name} %ci %cp`, 'extra-argument'],
      [`${name} %zork`, 'unknown-log-variable'],
      [`${name} '%{+Q'`, 'bad-log-format'],
    ],
    apply(node, call, format) {
      if (new LineReader(node, call).checkLogFormat(format)) node.settings[key] = format;
    },
  });
}

export const logFormatRows: readonly KeywordRow<ProxyNode>[] = [
  formatRow('log-format', 'logFormat', '1.5', 'Format of log lines.'),
  formatRow('log-format-sd', 'logFormatSd', '1.6', 'Structured data of log lines (RFC 5424).'),
  formatRow('error-log-format', 'errorLogFormat', '2.5', 'Format of log lines of failed connections.'),
  proxyRow('option httplog', anyProxy, {
    extra: 'free',
    since: '1.3',
    doc: 'HTTP log lines.',
    ok: ['option httplog', 'option httplog clf'],
    bad: [['option httplog zork', 'bad-value']],
    apply: (node, call) => setNamedFormat(node, call, 'httplog'),
  }),
  proxyRow('option httpslog', frontSide, {
    extra: 'ignored',
    since: '2.5',
    doc: 'HTTP log lines with facts of TLS.',
    ok: ['option httpslog'],
    apply(node) {
      node.settings.logFormat = 'httpslog';
    },
  }),
  proxyRow('option tcplog', anyProxy, {
    extra: 'free',
    since: '1.3',
    doc: 'TCP log lines with times and counters.',
    ok: ['option tcplog', 'option tcplog clf'],
    bad: [['option tcplog zork', 'bad-value']],
    apply: (node, call) => setNamedFormat(node, call, 'tcplog'),
  }),
];

const variants: Readonly<Record<'httplog' | 'tcplog', NamedLogFormat>> = { httplog: 'clf', tcplog: 'tcplog clf' };

function setNamedFormat(node: ProxyNode, call: Call, format: 'httplog' | 'tcplog'): void {
  const [variant] = call.words;
  const takesVariant = format === 'httplog' || call.language.lenient || isAtLeast(call.language.release, '3.1');
  if (variant && (variant.text !== 'clf' || !takesVariant)) {
    call.fail('bad-value', variant, `'${call.keyword}' only supports 'clf' (got '${variant.text}').`);
    return;
  }
  if (node.kind === 'backend') {
    const message = `backend '${node.name}' : '${call.keyword}' directive is ignored in backends.`;
    call.diagnostics.warning('ignored-here', call.at, message);
    return;
  }
  node.settings.logFormat = variant ? variants[format] : format;
}
