/** Words after the address of a `bind` line (manual, chapter 5.1). */
import { type Argument, type KeywordRow, rowsFor } from '../keyword.ts';
import type { BindNode, BindSettings } from '../nodes.ts';
import { integer, type NumberManner, text } from '../units.ts';
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
  unusable('accept-proxy', null, 'bind :8080 accept-proxy'),
  unusable('accept-netscaler-cip', '<magic>', 'bind :8080 accept-netscaler-cip 1'),
  unusable('namespace', '<name>', 'bind :8080 namespace blue'),
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
    args: [text('<processes>')],
    inert: true,
    since: '1.5',
    removed: {
      in: '2.7',
      modern: 'thread',
      says: "'process' on 'bind' lines is not supported anymore, please use 'thread' instead.",
    },
    doc: 'Processes that listen here; there is one.',
    ok: ['bind :8080 process 1'],
    apply: checkProcess,
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
    since: name === 'accept-proxy' ? '1.5' : '1.9',
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
