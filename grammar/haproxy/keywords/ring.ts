/** `ring` sections (manual, chapter 3.9), and the word that says how a ring's server is spoken to. */
import { type KeywordRow, rowsFor } from '../keyword.ts';
import type { RingSettings, SectionNode, ServerSettings } from '../nodes.ts';
import { oneOf, size, text, time } from '../units.ts';
import { serverLine } from './contexts.ts';

const row = rowsFor<SectionNode>();
const serverRow = rowsFor<ServerSettings>();

/** What a ring holds at least, and unless its section says more. */
const SMALLEST_RING = 16384;

function timeoutOf(ring: RingSettings, which: 'connect' | 'server', ms: number): void {
  if (which === 'connect') ring.connectMs = ms;
  else ring.serverMs = ms;
}

export const ringRows: readonly KeywordRow<SectionNode>[] = [
  row('backing-file', ['ring'], {
    args: [text('<file>')],
    extra: 'ignored',
    since: '2.7',
    doc: 'Keeps the ring in a file.',
    ok: ['backing-file /var/tmp/ring'],
    bad: [['backing-file', 'missing-argument']],
    apply(node, _call, path) {
      node.ring.backingFile = path;
    },
  }),
  row('description', ['ring'], {
    args: [text('<text>')],
    extra: 'ignored',
    since: '2.2',
    doc: 'What the ring is for.',
    ok: ['description events'],
    bad: [['description', 'missing-argument']],
    apply(node, _call, description) {
      node.ring.description = description;
    },
  }),
  row('format', ['ring'], {
    args: [oneOf('iso', 'local', 'raw', 'priority', 'rfc3164', 'rfc5424', 'short', 'timed')],
    extra: 'ignored',
    since: '2.2',
    doc: 'Form of the lines in the ring.',
    ok: ['format rfc3164'],
    bad: [['format zork', 'bad-value']],
    apply(node, _call, format) {
      node.ring.format = format;
    },
  }),
  row('maxlen', ['ring'], {
    args: [size()],
    extra: 'ignored',
    since: '2.2',
    doc: 'Longest line in the ring.',
    ok: ['maxlen 1200'],
    bad: [['maxlen many', 'bad-number']],
    apply(node, _call, bytes) {
      node.ring.maxlen = bytes;
    },
  }),
  row('size', ['ring'], {
    args: [size()],
    since: '2.2',
    doc: 'Size of the ring.',
    ok: ['size 32764'],
    bad: [
      ['size many', 'bad-number'],
      ['size 100', 'out-of-range'],
    ],
    apply(node, call, bytes) {
      if (bytes >= SMALLEST_RING) node.ring.size = bytes;
      else call.fail('out-of-range', call.words[0], `'size' : a ring has at least ${SMALLEST_RING} bytes.`);
    },
  }),
  row('timeout', ['ring'], {
    args: [oneOf('connect', 'server'), time()],
    extra: 'ignored',
    since: '2.2',
    doc: 'How long a connection to a server may take, and how long it may leave lines lying.',
    ok: ['timeout connect 5s'],
    bad: [
      ['timeout zork 5s', 'bad-value'],
      ['timeout connect 5x', 'bad-time'],
    ],
    apply: (node, _call, which, ms) => timeoutOf(node.ring, which, ms),
  }),
];

/** Of servers that lines are sent to; others have no use for it. */
export const ringServerRows: readonly KeywordRow<ServerSettings>[] = [
  serverRow('log-proto', serverLine, {
    args: [oneOf('legacy', 'octet-count')],
    since: '2.2',
    doc: 'How log lines are framed.',
    ok: ['server s 127.0.0.1:514 log-proto octet-count'],
    bad: [
      ['server s 127.0.0.1:514 log-proto zork', 'bad-value'],
      ['server s 127.0.0.1:514 log-proto', 'missing-argument'],
    ],
    apply(settings, _call, framing) {
      settings.logProto = framing;
    },
  }),
  serverRow('log-bufsize', serverLine, {
    args: [size()],
    since: '2.9',
    doc: 'Room for log lines that wait for the server, of a backend in mode log.',
    ok: ['server s 127.0.0.1:514 log-bufsize 65536'],
    bad: [
      ['server s 127.0.0.1:514 log-bufsize many', 'bad-number'],
      ['server s 127.0.0.1:514 log-bufsize', 'missing-argument'],
    ],
    apply(settings, _call, bytes) {
      settings.logBufsize = bytes;
    },
  }),
];
