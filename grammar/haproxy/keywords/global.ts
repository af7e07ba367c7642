/** The `global` section (manual, chapter 3). Words that nothing here acts on are in `known.ts`. */
import { type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { GlobalNode, GlobalSettings } from '../nodes.ts';
import { integer, type NumberManner, oneOf, size, text, time, word } from '../units.ts';
import { globalSection } from './contexts.ts';

const globalRow = rowsFor<GlobalNode>();

type KeyOf<T> = { [K in keyof GlobalSettings]-?: T extends GlobalSettings[K] ? K : never }[keyof GlobalSettings];

function numberRow(
  name: string,
  key: KeyOf<number>,
  since: string,
  doc: string,
  bounds: readonly [min: number, max: number],
  manner: NumberManner = 'exact',
): KeywordRow<GlobalNode> {
  return globalRow(name, globalSection, {
    args: [integer(...bounds, manner)],
    since,
    doc,
    ok: [`${name} ${Math.max(bounds[0], 1)}`],
    bad: [
      [`${name} many`, 'bad-number'],
      [name, 'missing-argument'],
      [`${name} 99999999999`, 'out-of-range'],
    ],
    apply(node, _call, value) {
      node.settings[key] = value;
    },
  });
}

function textRow(name: string, key: KeyOf<string>, since: string, doc: string): KeywordRow<GlobalNode> {
  return globalRow(name, globalSection, {
    args: [text('<text>')],
    since,
    doc,
    ok: [`${name} something`],
    bad: [
      [name, 'missing-argument'],
      [`${name} one two`, 'extra-argument'],
    ],
    apply(node, _call, value) {
      node.settings[key] = value;
    },
  });
}

function flagRow(name: string, key: KeyOf<boolean>, since: string, doc: string): KeywordRow<GlobalNode> {
  return globalRow(name, globalSection, {
    since,
    doc,
    ok: [name],
    bad: [[`${name} zork`, 'extra-argument']],
    apply(node) {
      node.settings[key] = true;
    },
  });
}

const MAX = 2_147_483_647;

export const globalRows: readonly KeywordRow<GlobalNode>[] = [
  numberRow('maxconn', 'maxconn', '1.1', 'Most connections of the whole process.', [0, MAX], 'unbounded'),
  numberRow('nbthread', 'nbthread', '1.8', 'Number of worker threads.', [1, 1024]),
  numberRow('ulimit-n', 'ulimitN', '1.2', 'Limit of open descriptors.', [0, MAX], 'unbounded'),
  numberRow(
    'spread-checks',
    'spreadChecks',
    '1.3',
    'Random share of the check interval, in percent.',
    [0, 50],
    'prefix',
  ),
  numberRow(
    'tune.maxrewrite',
    'tuneMaxrewrite',
    '1.4',
    'Part of the buffer kept free for rewriting.',
    [0, MAX],
    'prefix',
  ),
  numberRow('tune.http.maxhdr', 'tuneHttpMaxhdr', '1.5', 'Most header fields of a message.', [1, 32767], 'prefix'),
  globalRow('tune.idle-pool.shared', globalSection, {
    args: [oneOf('on', 'off')],
    since: '2.2',
    doc: 'Whether threads take idle connections to servers over from each other.',
    ok: ['tune.idle-pool.shared off'],
    bad: [
      ['tune.idle-pool.shared maybe', 'bad-value'],
      ['tune.idle-pool.shared', 'missing-argument'],
    ],
    apply(node, _call, value) {
      node.settings.tuneIdlePoolShared = value === 'on';
    },
  }),
  poolRatioRow(
    'tune.pool-low-fd-ratio',
    'tunePoolLowFdRatio',
    'Percent of descriptors: no more idle connections are kept.',
  ),
  poolRatioRow(
    'tune.pool-high-fd-ratio',
    'tunePoolHighFdRatio',
    'Percent of descriptors: idle connections are closed.',
  ),
  textRow('user', 'user', '1.3', 'User to run as, by name.'),
  textRow('group', 'group', '1.3', 'Group to run as, by name.'),
  textRow('chroot', 'chroot', '1.1', 'Directory to lock the process in.'),
  textRow('log-tag', 'logTag', '1.5', 'Program name in log lines.'),
  globalRow('node', globalSection, {
    args: [text('<name>')],
    since: '1.3',
    doc: 'Name of this node on the statistics page.',
    ok: ['node web1'],
    bad: [
      ['node', 'missing-argument'],
      ['node web/1', 'bad-name'],
    ],
    apply(node, call, name) {
      const odd = /[^A-Za-z0-9_.-]/.exec(name)?.[0];
      if (odd) call.fail('bad-name', call.words[0], `'node' : character '${odd}' is not permitted in a node's name.`);
      else node.settings.node = name;
    },
  }),
  flagRow('daemon', 'daemon', '1.1', 'Runs in the background.'),
  flagRow('quiet', 'quiet', '1.1', 'Says nothing at start.'),
  idRow('uid', 'user', 'user'),
  idRow('gid', 'group', 'group'),
  globalRow('pidfile', globalSection, {
    args: [text('<file>')],
    since: '1.1',
    doc: 'File that the process ids are written to.',
    ok: ['pidfile /run/haproxy.pid'],
    bad: [
      ['pidfile', 'missing-argument'],
      ['pidfile /run/a /run/b', 'extra-argument'],
    ],
    apply(node, call, file) {
      const message = "'pidfile' already specified. Continuing.";
      if (node.settings.pidfile !== undefined) call.diagnostics.warning('duplicate-keyword', call.at, message);
      else node.settings.pidfile = file;
    },
  }),
  globalRow('description', globalSection, {
    extra: 'free',
    since: '1.3',
    doc: 'Description of this node on the statistics page.',
    ok: ['description "the one in the cellar"'],
    bad: [['description', 'missing-argument']],
    apply(node, call) {
      if (call.words.length === 0) call.fail('missing-argument', undefined, "'description' expects a string argument.");
      node.settings.description = call.words.map((value) => value.text).join(' ');
    },
  }),
  globalRow('log-send-hostname', globalSection, {
    extra: 'free',
    since: '1.5',
    doc: "Adds a host name to log lines, the machine's own unless given.",
    ok: ['log-send-hostname', 'log-send-hostname web1'],
    apply(node, call) {
      node.settings.logSendHostname = call.words[0]?.text ?? '';
    },
  }),
  globalRow('stats socket', globalSection, {
    args: [word('<address>')],
    extra: 'free',
    inert: true,
    since: '1.3',
    doc: 'Socket for commands at run time; its words are those of "bind".',
    ok: ['stats socket /run/haproxy.sock mode 660 level admin expose-fd listeners', 'stats socket ipv4@127.0.0.1:9999'],
    bad: [
      ['stats socket', 'missing-argument'],
      ['stats socket 127.0.0.1', 'bad-address'],
      ['stats socket /run/haproxy.sock zork', 'unknown-keyword'],
    ],
    apply(node, call) {
      node.declaresSocket = true;
      node.settings.statsSockets = [...(node.settings.statsSockets ?? []), call.words.map((value) => value.text)];
    },
  }),
  globalRow('hard-stop-after', globalSection, {
    args: [time()],
    extra: 'ignored',
    since: '1.8',
    doc: 'Longest time of a soft stop.',
    ok: ['hard-stop-after 30s'],
    bad: [['hard-stop-after soon', 'bad-time']],
    apply(node, _call, ms) {
      node.settings.hardStopAfterMs = ms;
    },
  }),
  globalRow('tune.bufsize', globalSection, {
    args: [size()],
    since: '1.4',
    doc: 'Size of a request buffer.',
    ok: ['tune.bufsize 32768', 'tune.bufsize 32k'],
    bad: [
      ['tune.bufsize big', 'bad-number'],
      ['tune.bufsize 0', 'out-of-range'],
    ],
    apply(node, call, bytes) {
      const message = "'tune.bufsize' expects a positive integer argument.";
      if (bytes <= 0) call.fail('out-of-range', call.words[0], message);
      else node.settings.tuneBufsize = bytes;
    },
  }),
  globalRow('master-worker', globalSection, {
    extra: 'free',
    since: '1.8',
    deprecated: '3.3',
    doc: 'Runs with a master process, as -W does.',
    ok: ['master-worker', 'master-worker no-exit-on-failure'],
    apply(node) {
      node.settings.masterWorker = true;
    },
  }),
  environmentRow('setenv', true),
  environmentRow('presetenv', false),
  globalRow('unsetenv', globalSection, {
    extra: 'free',
    since: '1.7',
    doc: 'Removes environment variables.',
    ok: ['unsetenv FOO BAR'],
    bad: [['unsetenv', 'missing-argument']],
    apply(node, call) {
      if (call.words.length === 0)
        call.fail('missing-argument', undefined, "'unsetenv' expects at least one variable name.");
      for (const { text: name } of call.words) node.env.delete(name);
    },
  }),
  globalRow('resetenv', globalSection, {
    extra: 'free',
    since: '1.7',
    doc: 'Removes all environment variables but those named.',
    ok: ['resetenv PATH'],
    apply(node, call) {
      const kept = new Set(call.words.map((value) => value.text));
      for (const name of [...node.env.keys()]) if (!kept.has(name)) node.env.delete(name);
    },
  }),
];

function idRow(name: 'uid' | 'gid', key: 'user' | 'group', what: string): KeywordRow<GlobalNode> {
  return globalRow(name, globalSection, {
    args: [word('<number>')],
    since: '1.1',
    doc: `Numeric ${what} to run as.`,
    ok: [`${name} 99`],
    bad: [
      [name, 'missing-argument'],
      [`${name} 1 2`, 'extra-argument'],
    ],
    apply: (node, call, id) => setId(node, call, key, id),
  });
}

/** A name where a number belongs only warns, and stands for 0, as in the original. */
function setId(node: GlobalNode, call: Call, key: 'user' | 'group', id: Value): void {
  if (/^\d+$/.test(id.text)) {
    node.settings[key] = id.text;
    return;
  }
  const suggestion = `${key} ${id.text}`;
  const message = `${call.keyword}: string '${id.text}' is not a number.`;
  const note = `You might want to use the '${key}' parameter to use a system ${key} name.`;
  call.diagnostics.warning('bad-number', id.at, message, { suggestion, notes: [{ message: note }] });
}

function environmentRow(name: string, overwrite: boolean): KeywordRow<GlobalNode> {
  return globalRow(name, globalSection, {
    args: [text('<name>'), text('<value>')],
    extra: 'ignored',
    since: '1.7',
    doc: overwrite ? 'Sets an environment variable.' : 'Sets an environment variable unless it is set.',
    ok: [`${name} FOO bar`],
    bad: [[`${name} FOO`, 'missing-argument']],
    apply(node, _call, variable, value) {
      if (!overwrite && node.env.has(variable)) return;
      node.env.set(variable, value);
      node.exported.add(variable);
    },
  });
}

function poolRatioRow(name: string, key: 'tunePoolLowFdRatio' | 'tunePoolHighFdRatio', doc: string) {
  return numberRow(name, key, '2.0', doc, [0, 100], 'prefix');
}
