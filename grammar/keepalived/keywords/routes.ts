/**
 * Lines of `virtual_routes`, `virtual_rules` and their static relatives: what `ip route add` and `ip rule add` take.
 *
 *     default via 192.0.2.1 dev eth0 table 100 metric 20 no_track
 *     from 192.0.2.0/24 table 100 priority 500
 *
 * The options are tables: a word and what stands behind it. Checked, not carried out. keepalived.conf(5), "Static
 * routes" and "Static rules".
 */
import type { Block, Statement, Word } from '../ast.ts';
import type { Context } from '../context.ts';
import { splitPrefix } from '../ip.ts';

/** What a value must be; null when it is right, else what was expected. */
type Check = (text: string) => string | null;

const anything: Check = () => null;
const MAX_UINT = 2 ** 32 - 1;

function numberUpTo(max: number, min = 0): Check {
  return (text) =>
    /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max ? null : `a number from ${min} to ${max}`;
}

function oneOf(...values: string[]): Check {
  return (text) => (values.includes(text) ? null : values.join(', '));
}

const prefix: Check = (text) => {
  if (['default', 'default4', 'default6', 'any', 'all'].includes(text)) return null;
  return splitPrefix(text) ? null : 'an address as in 192.0.2.0/24';
};
const uint = numberUpTo(MAX_UINT);
const realms: Check = (text) => (/^[\w.-]+(\/[\w.-]+)?$/.test(text) ? null : 'realm[/realm]');
const range: Check = (text) => (/^\d+(-\d+)?$/.test(text) ? null : 'a number, or two with a dash');
const tos: Check = (text) => (/^[A-Za-z]/.test(text) || Number(text) <= 255 ? null : 'a type of service from 0 to 255');
const table: Check = (text) => (/^\d+$/.test(text) ? uint(text) : null);

const TRACKING: Readonly<Record<string, readonly Check[]>> = { no_track: [], track_group: [anything] };

/** An option whose value may have `lock` in front is written with this. */
const LOCKABLE = ['mtu', 'advmss', 'hoplimit', 'rtt', 'rttvar', 'reordering', 'window', 'cwnd', 'ssthresh', 'rto_min'];
const TYPES = [
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'nat',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
];

const ROUTE: Readonly<Record<string, readonly Check[]>> = {
  inet: [],
  inet6: [],
  ...Object.fromEntries(TYPES.map((type) => [type, []])),
  to: [prefix],
  as: [],
  src: [prefix],
  from: [prefix],
  via: [prefix],
  gw: [prefix],
  or: [prefix],
  tos: [tos],
  dsfield: [tos],
  protocol: [anything],
  scope: [anything],
  table: [table],
  metric: [uint],
  preference: [uint],
  priority: [uint],
  dev: [anything],
  oif: [anything],
  vrf: [anything],
  onlink: [],
  weight: [numberUpTo(256, 1)],
  realms: [realms],
  mtu: [uint],
  advmss: [uint],
  hoplimit: [numberUpTo(255)],
  rtt: [numberUpTo(960_000)],
  rttvar: [numberUpTo(960_000)],
  reordering: [uint],
  window: [uint],
  cwnd: [uint],
  initcwnd: [uint],
  initrwnd: [uint],
  ssthresh: [uint],
  rto_min: [uint],
  features: [oneOf('ecn')],
  quickack: [oneOf('0', '1')],
  congctl: [anything],
  expires: [uint],
  pref: [oneOf('low', 'medium', 'high')],
  'ttl-propagate': [oneOf('enabled', 'disabled')],
  fastopen_no_cookie: [oneOf('0', '1')],
  append: [],
  prepend: [],
  add: [],
  ...TRACKING,
};

const RULE: Readonly<Record<string, readonly Check[]>> = {
  inet: [],
  inet6: [],
  not: [],
  from: [prefix],
  to: [prefix],
  preference: [uint],
  priority: [uint],
  order: [uint],
  tos: [tos],
  dsfield: [tos],
  fwmark: [(text) => (/^(0x[\da-f]+|\d+)(\/(0x[\da-f]+|\d+))?$/i.test(text) ? null : 'number[/mask]')],
  iif: [anything],
  dev: [anything],
  oif: [anything],
  lookup: [table],
  table: [table],
  goto: [uint],
  nop: [],
  realms: [realms],
  suppress_prefixlength: [numberUpTo(128)],
  sup_pl: [numberUpTo(128)],
  suppress_ifgroup: [anything],
  sup_group: [anything],
  'tunnel-id': [anything],
  l3mdev: [],
  uidrange: [range],
  protocol: [anything],
  ipproto: [anything],
  sport: [range],
  dport: [range],
  type: [oneOf(...TYPES)],
  ...Object.fromEntries(TYPES.map((type) => [type, []])),
  ...TRACKING,
};

/** Names of kinds of routes that do not depend on the machine. */
const SCOPES = ['global', 'universe', 'site', 'link', 'host', 'nowhere'];
const OUTLETS = ['dev', 'oif', 'no_track'];

/** Checks the routes, and gives the interfaces that they name. `tracked`: they belong to an instance. */
export function readRoutes(block: Block, context: Context, tracked = false): Word[] {
  return block.statements.flatMap((statement) => {
    // Behind `encap` and `nexthop` come grammars of their own, which are not checked.
    const free = statement.words.findIndex((word) => word.text === 'encap' || word.text === 'nexthop');
    const words = free < 0 ? statement.words : statement.words.slice(0, free);
    if (!checkOptions(words, ROUTE, 'route', context, true) || !checkRoute(statement, words, context)) return [];
    const isBound = statement.words.some((word) => OUTLETS.includes(word.text));
    if (tracked && !isBound) {
      const message = 'Warning - cannot track a route with no interface specified, not tracking';
      context.warning('route-not-tracked', statement, message, { expected: "'dev INTERFACE' or 'no_track'" });
    }
    return valuesOf(words, ['dev', 'oif']);
  });
}

function valuesOf(words: readonly Word[], options: readonly string[]): Word[] {
  return words.flatMap((word, i) => (i > 0 && options.includes(words[i - 1]!.text) ? [word] : []));
}

/** A destination, one family, and names that mean something. */
function checkRoute(statement: Statement, words: readonly Word[], context: Context): boolean {
  const [or] = words.filter((word) => word.text === 'or');
  if (or) context.warning('deprecated-keyword', or, '"or" for routes is deprecated. Please use "nexthop"');
  const hasDestination = words.some(
    (word, i) => !prefix(word.text) && (i === 0 || !PREFIXED.includes(words[i - 1]!.text)),
  );
  if (!hasDestination) {
    context.error('missing-destination', statement, 'Route must have a destination', {
      expected: 'an address, or default',
    });
    return false;
  }
  const families = new Set(words.flatMap((word) => splitPrefix(word.text)?.family ?? []));
  if (families.size > 1) {
    context.error('family-mismatch', statement, 'Cannot mix IPv4 and IPv6 addresses for route');
    return false;
  }
  const [scope] = valuesOf(words, ['scope']);
  if (scope && !SCOPES.includes(scope.text) && numberUpTo(255)(scope.text)) {
    const message = `Scope ${scope.text} not found or invalid for route`;
    context.error('invalid-value', scope, message, { expected: SCOPES.join(', ') });
    return false;
  }
  return true;
}

const PREFIXED = ['src', 'from', 'via', 'gw', 'or'];
const PREFERENCES = ['preference', 'priority', 'order'];
const ACTIONS = ['table', 'lookup', 'goto', 'nop', 'type', 'realms', 'l3mdev', ...TYPES];

/** Checks the rules, and gives the interfaces that they name. */
export function readRules(block: Block, context: Context): Word[] {
  return block.statements.flatMap((statement) => {
    const { words } = statement;
    if (!checkOptions(words, RULE, 'rule', context) || !checkRule(statement, context)) return [];
    return valuesOf(words, ['iif', 'dev', 'oif']);
  });
}

function checkRule(statement: Statement, context: Context): boolean {
  const { words } = statement;
  if (!words.some((word) => ACTIONS.includes(word.text))) {
    context.error('missing-action', statement, 'No action specified for rule - ignoring', {
      expected: ACTIONS.join(', '),
    });
    return false;
  }
  const [preference] = valuesOf(words, PREFERENCES);
  if (!preference) {
    context.warning('no-preference', statement, 'Rule has no preference specified; one from 16384 up is set', {
      expected: "'preference NUMBER'",
    });
  }
  const [target] = valuesOf(words, ['goto']);
  if (preference && target && Number(preference.text) >= Number(target.text)) {
    const message = `Invalid rule - preference ${preference.text} >= goto target ${target.text}`;
    context.error('goto-backwards', target, message);
    return false;
  }
  return true;
}

/** One report a line, as keepalived gives up on a line at the first mistake. */
function checkOptions(
  words: readonly Word[],
  options: Readonly<Record<string, readonly Check[]>>,
  what: string,
  context: Context,
  hasDestination = false,
): boolean {
  let awaitsDestination = hasDestination;
  for (let i = 0; i < words.length; i++) {
    const option = words[i]!;
    const checks = options[option.text];
    if (!checks && awaitsDestination && !prefix(option.text)) {
      awaitsDestination = false;
      continue;
    }
    if (!checks) {
      context.error('unknown-option', option, `unknown ${what} option ${option.text}`);
      return false;
    }
    if (LOCKABLE.includes(option.text) && words[i + 1]?.text === 'lock') i++;
    if (['via', 'gw'].includes(option.text) && /^inet6?$/.test(words[i + 1]?.text ?? '')) i++;
    for (const check of checks) {
      const value = words[++i];
      if (!value) {
        context.error('missing-argument', option, `'${option.text}' is missing its value`);
        return false;
      }
      const expected = check(value.text);
      if (expected !== null) {
        context.error('invalid-value', value, `invalid ${what} ${option.text} '${value.text}'`, { expected });
        return false;
      }
    }
  }
  return true;
}
