/** Words after the address of a `bind` line (manual, chapter 5.1). */
import { type Argument, type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { ThreadRange } from '../listener-settings.ts';
import type { BindNode, BindSettings } from '../nodes.ts';
import { integer, type NumberManner, text, time, word } from '../units.ts';
import { bindLine } from './contexts.ts';
import { checkProcess } from './word-checks.ts';

const bindRow = rowsFor<BindNode>();

type KeyOf<T> = { [K in keyof BindSettings]-?: T extends BindSettings[K] ? K : never }[keyof BindSettings];

function flagRow(name: string, key: KeyOf<boolean>, doc: string): KeywordRow<BindNode> {
  return bindRow(name, bindLine, {
    since: '1.5',
    doc,
    ok: [`bind :8080 ${name}`],
    apply(node) {
      node.settings[key] = true;
    },
  });
}

function numberRow(name: string, key: KeyOf<number>, manner: NumberManner, doc: string): KeywordRow<BindNode> {
  return bindRow(name, bindLine, {
    args: [integer(1, undefined, manner)],
    since: '1.5',
    doc,
    ok: [`bind :8080 ${name} 10`],
    bad: [
      [`bind :8080 ${name} many`, 'bad-number'],
      [`bind :8080 ${name}`, 'missing-argument'],
    ],
    apply(node, _call, value) {
      node.settings[key] = value;
    },
  });
}

function textRow(name: string, key: KeyOf<string>, doc: string): KeywordRow<BindNode> {
  return bindRow(name, bindLine, {
    args: [text('<name>')],
    since: '1.5',
    doc,
    ok: [`bind :8080 ${name} something`],
    bad: [[`bind :8080 ${name}`, 'missing-argument']],
    apply(node, _call, value) {
      node.settings[key] = value;
    },
  });
}

export const bindRows: readonly KeywordRow<BindNode>[] = [
  textRow('name', 'name', 'Name of the socket on the statistics page.'),
  textRow('interface', 'interface', 'Network interface to accept connections from.'),
  textRow('user', 'user', 'Owner of a UNIX socket, by name.'),
  textRow('group', 'group', 'Group of a UNIX socket, by name.'),
  textRow('uid', 'user', 'Owner of a UNIX socket, by number.'),
  textRow('gid', 'group', 'Group of a UNIX socket, by number.'),
  numberRow('maxconn', 'maxconn', 'unbounded', 'Most connections of this socket.'),
  numberRow('backlog', 'backlog', 'unbounded', 'Length of the queue of connections not yet accepted.'),
  flagRow('v6only', 'v6only', 'Accepts IPv6 only.'),
  flagRow('v4v6', 'v4v6', 'Accepts IPv4 on an IPv6 socket as well.'),
  flagRow('transparent', 'transparent', 'Binds to addresses that the machine does not have.'),
  flagRow('accept-proxy', 'acceptProxy', 'Connections begin with a PROXY protocol header.'),
  flagRow('tfo', 'tfo', 'TCP Fast Open: data with the first packet.'),
  flagRow('defer-accept', 'deferAccept', 'Waits in the kernel for the first data of a connection.'),
  textRow('namespace', 'namespace', 'Network namespace to listen in.'),
  bindRow('accept-netscaler-cip', bindLine, {
    args: [word('<magic>')],
    since: '1.7',
    doc: "Connections begin with NetScaler's Client IP insertion.",
    ok: ['bind :8080 accept-netscaler-cip 1234'],
    bad: [
      ['bind :8080 accept-netscaler-cip zork', 'out-of-range'],
      ['bind :8080 accept-netscaler-cip', 'missing-argument'],
    ],
    apply(node, call, magic) {
      const number = Number(magic.text);
      if (Number.isInteger(number) && number > 0) node.settings.netscalerCip = number;
      else call.fail('out-of-range', magic, `'${call.keyword}' : invalid value.`);
    },
  }),
  bindRow('nice', bindLine, {
    args: [integer(-1024, 1024, 'prefix')],
    since: '1.5',
    doc: 'Share of the processor for connections of this socket, from -1024 (most) to 1024 (least).',
    ok: ['bind :8080 nice -5'],
    bad: [['bind :8080 nice 1025', 'out-of-range']],
    apply(node, _call, nice) {
      node.settings.nice = nice;
    },
  }),
  bindRow('id', bindLine, {
    args: [integer(1)],
    since: '1.5',
    doc: 'Number of the socket in statistics.',
    ok: ['bind :8080 id 7'],
    bad: [['bind :8080 id 0', 'out-of-range']],
    apply(node, _call, id) {
      node.settings.socketId = id;
    },
  }),
  bindRow('mss', bindLine, {
    args: [word('<size>')],
    since: '1.5',
    doc: 'Largest TCP segment that clients may send; they see it in the handshake.',
    ok: ['bind :8080 mss 1400', 'bind :8080 mss -100'],
    bad: [['bind :8080 mss 70000', 'out-of-range']],
    apply(node, call, size) {
      const mss = Number.parseInt(size.text, 10);
      if (Math.abs(mss) >= 1 && Math.abs(mss) <= 65535) node.settings.mss = mss;
      else call.fail('out-of-range', size, "'mss' : expects a size from 1 to 65535.");
    },
  }),
  bindRow('tcp-ut', bindLine, {
    args: [time()],
    since: '1.6',
    doc: 'How long sent data may stay unacknowledged before the connection is given up.',
    ok: ['bind :8080 tcp-ut 30s'],
    bad: [['bind :8080 tcp-ut soon', 'bad-time']],
    apply(node, _call, ms) {
      node.settings.tcpUserTimeoutMs = ms;
    },
  }),
  bindRow('thread', bindLine, {
    args: [word('<set>')],
    since: '2.5',
    doc: 'Threads that use this socket.',
    ok: ['bind :8080 thread 1', 'bind :8080 thread 1/1-2', 'bind :8080 thread odd'],
    bad: [['bind :8080 thread zork', 'bad-value']],
    apply: readThreads,
  }),
  bindRow('shards', bindLine, {
    args: [word('<number>|by-thread|by-group')],
    since: '2.5',
    doc: 'Number of sockets for one address; each has its share of the threads.',
    ok: ['bind :8080 shards 2', 'bind :8080 shards by-thread', 'bind :8080 shards by-group'],
    bad: [
      ['bind :8080 shards 0', 'out-of-range'],
      ['bind :8080 shards zork', 'out-of-range'],
      ['bind :8080 shards 5000', 'out-of-range'],
      ['bind :8080 shards', 'missing-argument'],
    ],
    apply(node, call, { text, at }) {
      const number = /^\d/.test(text) ? Number.parseInt(text, 10) : 0;
      if (text === 'by-thread' || text === 'by-group') node.settings.shards = text;
      else if (number > 0 && number <= mostShards(call)) node.settings.shards = number;
      else {
        const most = mostShards(call);
        const message = `'shards' : '${text}' is not a number from 1 to ${most}, 'by-thread' or 'by-group'.`;
        call.fail('out-of-range', { text, at }, message);
      }
    },
  }),
  unusable('proto', '<name>', 'bind :8080 proto h2'),
  bindRow('mode', bindLine, {
    args: [text('<octal mode>')],
    since: '1.5',
    doc: 'Access mode of a UNIX socket.',
    ok: ['bind /tmp/x.sock mode 660'],
    bad: [['bind /tmp/x.sock mode rw', 'bad-number']],
    apply(node, call, mode) {
      if (/^[0-7]{1,4}$/.test(mode)) node.settings.mode = Number.parseInt(mode, 8);
      else call.fail('bad-number', call.words[0], `'mode' : '${mode}' is not an octal access mode`);
    },
  }),
  bindRow('process', bindLine, {
    args: [word('<processes>')],
    since: '1.5',
    removed: {
      in: '2.7',
      modern: 'thread',
      says: "'process' on 'bind' lines is not supported anymore, please use 'thread' instead.",
    },
    doc: 'Threads that use this socket, behind the number of the process; there is one.',
    ok: ['bind :8080 process 1', 'bind :8080 process 1/1-2'],
    apply(node, call, value) {
      checkProcess(node, call);
      const [, threads] = value.text.split('/');
      if (threads !== undefined) readThreads(node, call, { text: threads, at: value.at });
    },
  }),
  ...['crt', 'crt-list', 'default-crt', 'ca-sign-file'].map(certificateRow),
  bindRow('ssl', bindLine, {
    since: '1.5',
    doc: 'TLS; not carried out, so the socket is not opened.',
    ok: ['bind :8443 ssl crt /etc/ssl/site.pem'],
    apply(node, call) {
      node.settings.ssl = true;
      node.settings.unusable = true;
      const message = "'ssl' is accepted but not carried out: this address is not opened.";
      call.diagnostics.warning('not-carried-out', call.at, message);
    },
  }),
];

/** As many as there can be threads. */
function mostShards({ language: { release, lenient } }: Call): number {
  return !lenient && release[0] < 3 ? 64 : 1024;
}

/** `[<group>/]<set>[,...]`. Thread groups beyond the first one do not exist: their threads have no numbers here. */
function readThreads(node: BindNode, call: Call, value: Value): void {
  const ranges: ThreadRange[] = [];
  for (const part of value.text.split(',')) {
    const match = /^(?:(?:\d+(?:-\d*)?|all|odd|even)\/)?(?:(\d+)(-)?(\d*)|(all|odd|even))$/.exec(part);
    if (!match) {
      call.fail('bad-value', value, `'${call.keyword}' : '${value.text}' is not a valid number/range.`);
      return;
    }
    const [, first, dash, last, only] = match;
    if (only !== undefined) ranges.push({ first: 1, last: null, only: only as ThreadRange['only'] });
    else ranges.push({ first: Number(first), last: dash ? Number(last) || null : Number(first), only: 'all' });
  }
  node.settings.threads = [...(node.settings.threads ?? []), ...ranges];
}

/** Where certificates come from. Not carried out, but a TLS address without any is an error. */
function certificateRow(name: string): KeywordRow<BindNode> {
  return bindRow(name, bindLine, {
    args: [text('<file>')],
    inert: true,
    since: '1.5',
    doc: 'Certificates of a TLS address.',
    ok: [`bind :8443 ssl ${name} /etc/ssl/site.pem`],
    bad: [[`bind :8443 ssl ${name}`, 'missing-argument']],
    apply(node) {
      node.settings.certificate = true;
    },
  });
}

/** Without these words the address would serve something else than asked for: it is not opened. */
function unusable(name: string, label: string | null, example: string): KeywordRow<BindNode> {
  const args: readonly Argument<string>[] = label === null ? [] : [text(label)];
  return bindRow(name, bindLine, {
    args,
    since: '1.9',
    doc: `Not carried out, so an address with ${name} is not opened.`,
    ok: [example],
    apply(node, call, value) {
      if (name === 'proto' && !/^(?:h1|h2|none|quic|qmux)$/.test(String(value))) {
        call.fail('bad-value', call.words[0], `'proto' : unknown MUX protocol '${value}'.`);
        return;
      }
      if (name === 'proto' && value === 'h1') return;
      node.settings.unusable = true;
      const message = `'${name}' is accepted but not carried out: this address is not opened.`;
      call.diagnostics.warning('not-carried-out', call.at, message);
    },
  });
}
