/** `log` lines of global and proxy sections (manual, chapters 3.1 and 4.2 "log"). */

import { parseAddress } from '../address.ts';
import { type Call, isAtLeast, rowsFor, type Value } from '../keyword.ts';
import type { GlobalNode, LogFormatName, LogNode, ProxyNode } from '../nodes.ts';
import { parseSize } from '../units.ts';
import { anyProxy, globalSection } from './contexts.ts';

const proxyRow = rowsFor<ProxyNode>();
const globalRow = rowsFor<GlobalNode>();

export const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'auth2',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'cron2',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
];
export const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
const formats: readonly LogFormatName[] = ['rfc3164', 'rfc5424', 'raw', 'short', 'priority', 'timed', 'iso', 'local'];
/** Words between the target and the facility that take a value. */
const parameters = new Set(['len', 'format', 'sample', 'profile']);

const examples = {
  ok: ['log 127.0.0.1 local0', 'log 127.0.0.1:1514 local0 notice err', 'log stdout format raw daemon'],
  bad: [
    ['log 127.0.0.1', 'missing-argument'],
    ['log 127.0.0.1 localx', 'bad-value'],
    ['log 127.0.0.1 local0 loud', 'bad-value'],
    ['log 127.0.0.1:70000 local0', 'bad-address'],
  ] as const,
};

export const logRows = {
  global: globalRow('log', globalSection, {
    since: '1.1',
    doc: 'Sends log lines of everything that says "log global" to this target.',
    extra: 'free',
    ...examples,
    apply(node, call) {
      const log = readLog(call, false);
      if (log) node.logs.push(log);
    },
    negate(node) {
      node.logs = [];
    },
  }),
  proxy: proxyRow('log', anyProxy, {
    since: '1.1',
    doc: 'Sends log lines of this proxy to a target, or to the global ones ("log global").',
    extra: 'free',
    ...examples,
    apply(node, call) {
      const log = call.words.length === 0 && call.language.lenient ? globalLog(call) : readLog(call, true);
      if (log) node.logs.push(log);
    },
    negate(node) {
      node.logs = [];
      node.logsCleared = true;
    },
  }),
};

function globalLog(call: Call): LogNode {
  return { kind: 'global', at: call.at };
}

function readLog(call: Call, inProxy: boolean): LogNode | undefined {
  const [target, ...rest] = call.words;
  if (target?.text === 'global' && rest.length === 0 && inProxy) return globalLog(call);
  if (!target || rest.length === 0) {
    const also = inProxy ? 'or global ' : ' ';
    call.fail('missing-argument', target, `log : expects <address> and <facility> ${also}as arguments`);
    return undefined;
  }
  const address = readTarget(call, target);
  return address && readParameters(call, address, rest);
}

function readTarget(call: Call, target: Value): NonNullable<LogNode['address']> | undefined {
  if (target.text === 'stdout') return { kind: 'fd', fd: 1 };
  if (target.text === 'stderr') return { kind: 'fd', fd: 2 };
  if (target.text.startsWith('ring@')) return { kind: 'ring', name: target.text.slice('ring@'.length) };
  const takesBackends = call.language.lenient || isAtLeast(call.language.release, '2.9');
  if (takesBackends && target.text.startsWith('backend@')) {
    return { kind: 'backend', name: target.text.slice('backend@'.length) };
  }
  const parsed = parseAddress(target.text, call.env, true);
  if (!('problem' in parsed)) return parsed;
  call.fail('bad-address', target, `log : ${parsed.problem}`);
  return undefined;
}

type Parameters = Pick<LogNode, 'format' | 'sample' | 'profile'> & { readonly len: number };

function readParameters(
  call: Call,
  address: NonNullable<LogNode['address']>,
  words: readonly Value[],
): LogNode | undefined {
  let found: Parameters = { len: 1024, format: 'rfc3164' };
  let at = 0;
  for (; parameters.has(words[at]?.text ?? ''); at += 2) {
    const name = words[at]!;
    const value = words[at + 1];
    if (!value) return refuse(call, 'missing-argument', name, `log : '${name.text}' expects a value`);
    const read = readParameter(call, name, value);
    if (!read) return undefined;
    found = { ...found, ...read };
  }
  const levels = readLevels(call, words.slice(at));
  if (!levels) return undefined;
  return { kind: 'target', at: call.at, address, ...found, ...levels };
}

function readParameter(call: Call, name: Value, value: Value): Partial<Parameters> | undefined {
  if (name.text === 'len') return readLength(call, value);
  if (name.text === 'sample') return readSampling(call, value);
  if (name.text === 'profile') return { profile: value };
  const format = formats.find((known) => known === value.text);
  return format ? { format } : refuse(call, 'bad-value', value, `log : unknown log format '${value.text}'`);
}

function readLength(call: Call, value: Value): Partial<Parameters> | undefined {
  const len = parseSize(value.text) ?? -1;
  if (len >= 80) return { len };
  return refuse(call, 'bad-number', value, `log : invalid log length '${value.text}'. Must be >= 80.`);
}

/** "1,3-5:8": of every eight lines the first and the third to the fifth. */
function readSampling(call: Call, value: Value): Partial<Parameters> | undefined {
  if (!/^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*:\d+$/.test(value.text)) {
    return refuse(call, 'bad-value', value, `log : '${value.text}' is no list of ranges with a sample size.`);
  }
  const [list = '', sizeText = ''] = value.text.split(':');
  const ranges = list.split(',').map((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return [first, last] as const;
  });
  ranges.sort(([a], [b]) => a - b);
  const size = Number(sizeText);
  const problem = samplingProblem(ranges, size);
  return problem ? refuse(call, 'bad-value', value, `log : ${problem}`) : { sample: { ranges, size } };
}

function samplingProblem(ranges: readonly (readonly [first: number, last: number])[], size: number): string | null {
  const wrong = ranges.find(([first, last]) => first < 1 || last < first);
  if (wrong) return `wrong sample range '${wrong[0] === wrong[1] ? wrong[0] : wrong.join('-')}'`;
  if (ranges.some(([first], i) => i > 0 && first <= ranges[i - 1]![1])) return 'ranges are overlapping';
  const highest = ranges.at(-1)![1];
  if (size >= highest) return null;
  return `sample size ${size} should be greater or equal to ${highest} the maximum of the high ranges limits`;
}

function readLevels(call: Call, words: readonly Value[]): Pick<LogNode, 'facility' | 'level' | 'minLevel'> | undefined {
  const [facilityWord, levelWord, minLevelWord, surplus] = words;
  if (!facilityWord) return refuse(call, 'missing-argument', undefined, 'log : expects a facility');
  const facility = FACILITIES.indexOf(facilityWord.text);
  if (facility < 0) {
    return refuse(call, 'bad-value', facilityWord, `log : unknown log facility '${facilityWord.text}'`);
  }
  const level = levelWord ? LEVELS.indexOf(levelWord.text) : 7;
  if (level < 0) return refuse(call, 'bad-value', levelWord, `log : unknown optional log level '${levelWord?.text}'`);
  const minLevel = minLevelWord ? LEVELS.indexOf(minLevelWord.text) : 0;
  if (minLevel < 0) {
    return refuse(call, 'bad-value', minLevelWord, `log : unknown optional minimum log level '${minLevelWord?.text}'`);
  }
  if (surplus) {
    return refuse(call, 'extra-argument', surplus, `log : cannot handle unexpected argument '${surplus.text}'.`);
  }
  return { facility, level, minLevel };
}

function refuse(call: Call, code: string, value: Value | undefined, message: string): undefined {
  call.fail(code, value, message);
  return undefined;
}
