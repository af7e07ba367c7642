/** Limits of the process and of frontends, how a soft stop goes on, defaults of UNIX sockets (manual, chapter 3). */
import { type Argument, type Call, type KeywordRow, rowsFor } from '../keyword.ts';
import type { LimitSettings, UnixBindSettings } from '../listener-settings.ts';
import type { GlobalNode, ProxyNode } from '../nodes.ts';
import { integer, oneOf, time } from '../units.ts';
import { frontSide, globalSection } from './contexts.ts';

const globalRow = rowsFor<GlobalNode>();
const proxyRow = rowsFor<ProxyNode>();

type KeyOf<T> = { [K in keyof LimitSettings]-?: T extends LimitSettings[K] ? K : never }[keyof LimitSettings];

const MAX = 2_147_483_647;

function numberRow(name: string, key: KeyOf<number>, since: string, doc: string, min = 0): KeywordRow<GlobalNode> {
  return globalRow(name, globalSection, {
    args: [integer(min, MAX, 'prefix')],
    since,
    doc,
    ok: [`${name} 1000`],
    bad: [
      [`${name} many`, 'bad-number'],
      [name, 'missing-argument'],
      [`${name} ${min - 1}`, 'out-of-range'],
    ],
    apply(node, _call, value) {
      node.settings[key] = value;
    },
  });
}

function timeRow(name: string, key: KeyOf<number>, since: string, doc: string): KeywordRow<GlobalNode> {
  return globalRow(name, globalSection, {
    args: [time()],
    extra: 'ignored',
    since,
    doc,
    ok: [`${name} 5s`],
    bad: [
      [`${name} soon`, 'bad-time'],
      [name, 'missing-argument'],
    ],
    apply(node, _call, ms) {
      node.settings[key] = ms;
    },
  });
}

/** A time, or "infinite" as -1. */
const spread: Argument<number> = {
  label: '<time>',
  read: (value, call) => (value.text === 'infinite' ? -1 : time().read(value, call)),
};

export const limitGlobalRows: readonly KeywordRow<GlobalNode>[] = [
  numberRow('maxconnrate', 'maxconnRate', '1.5', 'Most connections a second of the process.'),
  numberRow('maxsessrate', 'maxsessRate', '1.5', 'Most sessions a second of the process.'),
  numberRow('fd-hard-limit', 'fdHardLimit', '2.6', 'Most descriptors that the process may take for itself.'),
  numberRow('tune.maxaccept', 'maxAccept', '1.3', 'Most connections accepted in one go; -1: no limit.', -1),
  numberRow('tune.rcvbuf.client', 'clientRcvbuf', '1.4', "Receive buffers of the kernel on clients' connections."),
  numberRow('tune.sndbuf.client', 'clientSndbuf', '1.4', "Send buffers of the kernel on clients' connections."),
  globalRow('tune.listener.default-shards', globalSection, {
    args: [oneOf('by-process', 'by-thread', 'by-group')],
    since: '2.8',
    doc: 'Number of sockets for one address, where a bind line does not say.',
    ok: ['tune.listener.default-shards by-thread'],
    bad: [
      ['tune.listener.default-shards zork', 'bad-value'],
      ['tune.listener.default-shards', 'missing-argument'],
    ],
    apply(node, _call, rule) {
      node.settings.defaultShards = rule === 'by-process' ? 1 : rule;
    },
  }),
  timeRow('grace', 'graceMs', '2.5', 'Time between the signal of a soft stop and its begin.'),
  globalRow('close-spread-time', globalSection, {
    args: [spread],
    extra: 'ignored',
    since: '2.6',
    doc: 'Time over which idle connections are closed at a soft stop; "infinite": they are not.',
    ok: ['close-spread-time 5s', 'close-spread-time infinite'],
    bad: [
      ['close-spread-time soon', 'bad-time'],
      ['close-spread-time', 'missing-argument'],
    ],
    apply(node, _call, ms) {
      node.settings.closeSpreadMs = ms;
    },
  }),
  globalRow('strict-limits', globalSection, {
    since: '2.1',
    doc: 'Refuses to start when a limit cannot be raised.',
    ok: ['strict-limits', 'no strict-limits'],
    bad: [['strict-limits yes', 'extra-argument']],
    apply(node) {
      node.settings.strictLimits = true;
    },
    negate(node) {
      node.settings.strictLimits = false;
    },
  }),
  globalRow('unix-bind', globalSection, {
    extra: 'free',
    since: '1.5',
    doc: 'Defaults for Unix sockets: prefix, mode, owner.',
    ok: ['unix-bind prefix /run/ mode 660 user nobody group nogroup', 'unix-bind uid 1 gid 1'],
    bad: [
      ['unix-bind zork 1', 'bad-value'],
      ['unix-bind mode', 'missing-argument'],
    ],
    apply: readUnixBind,
  }),
];

const unixBindKeys: Readonly<Record<string, keyof UnixBindSettings>> = {
  prefix: 'prefix',
  mode: 'mode',
  user: 'user',
  uid: 'user',
  group: 'group',
  gid: 'group',
};

function readUnixBind(node: GlobalNode, call: Call): void {
  const settings: UnixBindSettings = { ...node.settings.unixBind };
  for (let at = 0; at < call.words.length; at += 2) {
    const word = call.words[at]!;
    const value = call.words[at + 1];
    const key = Object.hasOwn(unixBindKeys, word.text) ? unixBindKeys[word.text]! : undefined;
    if (key === undefined) {
      const names = Object.keys(unixBindKeys).join("', '");
      call.fail('bad-value', word, `'unix-bind' only supports '${names}' (got '${word.text}').`);
      return;
    }
    if (value === undefined) {
      call.fail('missing-argument', word, `'unix-bind' : '${word.text}' expects a value.`);
      return;
    }
    if (key === 'prefix' && settings.prefix !== undefined) {
      call.diagnostics.warning('duplicate-keyword', word.at, "unix-bind 'prefix' already specified. Continuing.");
      continue;
    }
    if (key === 'mode') settings.mode = Number.parseInt(/^[0-7]*/.exec(value.text)![0], 8) || 0;
    else settings[key] = value.text;
  }
  node.settings.unixBind = settings;
}

export const limitProxyRows: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('rate-limit sessions', frontSide, {
    args: [integer(0, MAX)],
    extra: 'ignored',
    since: '1.3',
    doc: 'Most sessions a second of the frontend.',
    ok: ['rate-limit sessions 100'],
    bad: [
      ['rate-limit sessions many', 'bad-number'],
      ['rate-limit sessions', 'missing-argument'],
    ],
    apply(node, _call, rate) {
      node.settings.rateLimitSessions = rate;
    },
  }),
  proxyRow('option idle-close-on-response', frontSide, {
    since: '2.6',
    doc: 'Ends idle connections with an answer at a soft stop, rather than at once; always so here.',
    ok: ['option idle-close-on-response', 'no option idle-close-on-response'],
    bad: [['option idle-close-on-response zork', 'extra-argument']],
    apply() {},
    negate() {},
  }),
  proxyRow('option tcp-smart-accept', frontSide, {
    since: '1.4',
    doc: "Leaves out the acknowledgement of a client's first bytes; on unless told otherwise in mode http.",
    ok: ['option tcp-smart-accept', 'no option tcp-smart-accept'],
    bad: [['option tcp-smart-accept zork', 'extra-argument']],
    apply(node) {
      node.settings.tcpSmartAccept = true;
    },
    negate(node) {
      node.settings.tcpSmartAccept = false;
    },
  }),
];
