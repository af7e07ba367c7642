/**
 * Words of `server` lines that hold log formats and sample expressions (manual, chapter 5.2): fields of PROXY headers that
 * are made for each connection, and the name by which idle connections are told apart.
 */
import { LineReader } from '../expr/line-reader.ts';
import { type Argument, type KeywordRow, rowsFor } from '../keyword.ts';
import type { ServerSettings } from '../nodes.ts';
import { word } from '../units.ts';
import { serverLine } from './contexts.ts';

const serverRow = rowsFor<ServerSettings>();

/** Decimal, or with 0x; of one byte. */
const fieldType: Argument<number> = {
  label: '(<id>)',
  read(value, call) {
    const type = /^(?:0x[0-9a-f]+|\d+)$/i.test(value.text) ? Number(value.text) : -1;
    if (type > 0 && type < 256) return type;
    const message = `'set-proxy-v2-tlv-fmt' expects an identifier from 1 to 255 in parentheses (got '${value.text}').`;
    call.fail('bad-number', value, message);
    return undefined;
  },
};

export const serverSampleRows: readonly KeywordRow<ServerSettings>[] = [
  serverRow('set-proxy-v2-tlv-fmt', serverLine, {
    args: [fieldType, word('<format>')],
    inParentheses: true,
    since: '2.9',
    doc: 'Field of PROXY headers of version 2 that is made from a log format.',
    ok: [
      'server s 127.0.0.1:80 send-proxy-v2 set-proxy-v2-tlv-fmt(0x20) %[fc_pp_tlv(0x20)]',
      'server s 127.0.0.1:80 send-proxy-v2 set-proxy-v2-tlv-fmt(226) %ci set-proxy-v2-tlv-fmt(0xE3) x weight 5',
    ],
    bad: [
      ['server s 127.0.0.1:80 set-proxy-v2-tlv-fmt %ci', 'unknown-keyword'],
      ['server s 127.0.0.1:80 set-proxy-v2-tlv-fmt(256) %ci', 'bad-number'],
      ['server s 127.0.0.1:80 set-proxy-v2-tlv-fmt(x) %ci', 'bad-number'],
      ['server s 127.0.0.1:80 set-proxy-v2-tlv-fmt(5)', 'missing-argument'],
      ['server s 127.0.0.1:80 set-proxy-v2-tlv-fmt(5) %zork', 'unknown-log-variable'],
    ],
    apply(settings, call, type, format) {
      if (!new LineReader(null, call).checkLogFormat(format)) return;
      settings.tlvFormats = [...(settings.tlvFormats ?? []), { type, format }];
    },
  }),
  serverRow('pool-conn-name', serverLine, {
    args: [word('<expression>')],
    since: '3.0',
    doc: 'Name of connections: only requests for which it is the same share them.',
    ok: ['server s 127.0.0.1:80 pool-conn-name req.hdr(host)'],
    bad: [
      ['server s 127.0.0.1:80 pool-conn-name', 'missing-argument'],
      ['server s 127.0.0.1:80 pool-conn-name zork', 'unknown-fetch'],
    ],
    apply(settings, call, expression) {
      if (new LineReader(null, call).sample('a sample expression')) settings.poolConnName = expression;
    },
  }),
];
