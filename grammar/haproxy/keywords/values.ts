/**
 * The kinds of values that words of `known.ts` take.
 *
 * One line holds a kind and the words whose first argument is of it. Kinds: `number(MIN..MAX)` all digits,
 * `prefix(MIN..MAX)` the number a word starts with, as C's atol reads it, `time(MIN..MAX)` in milliseconds, `seconds`,
 * `a|b|c` one of these, `list(a|b)` several of these with commas between. What needs more than a kind is a check of the
 * whole line in `word-checks.ts`. Ranges are HAProxy 2.6's, as its configuration test reports them; of younger words those
 * that the manual of 3.4 gives.
 */
import type { Argument } from '../keyword.ts';
import { integer, listOf, oneOf, time } from '../units.ts';
import { LEVELS } from './log.ts';

const globalKinds = `
  time: max-spread-checks, tune.lua.service-timeout, tune.lua.session-timeout
  time: tune.lua.task-timeout, tune.lua.burst-timeout, httpclient.timeout.connect, warn-blocked-traffic-after
  time(1..2147483647): stats timeout
  time(0..65535): tune.idletimer
  seconds: tune.ssl.lifetime
  current|config|parent|origin: default-path
  ipv4|ipv6: httpclient.resolvers.prefer
  auto|on|off: profiling.tasks
  on|off: profiling.memory, tune.sched.low-latency, tune.ssl.keylog
  on|off: httpclient.resolvers.disabled, tune.h1.zero-copy-fwd-recv, tune.h1.zero-copy-fwd-send
  on|off: tune.h2.zero-copy-fwd-send, tune.pt.zero-copy-forwarding, tune.quic.zero-copy-fwd-send
  on|off: tune.applet.zero-copy-forwarding, harden.reject-privileged-ports.quic
  on|off: harden.reject-privileged-ports.tcp
  on|off|fair: tune.listener.multi-queue
  none|required: ssl-server-verify, httpclient.ssl.verify
  prefix(0..100): maxcompcpuusage, tune.fail-alloc
  prefix(0..100): tune.quic.reorder-ratio, tune.quic.fe.cc.reorder-ratio, tune.quic.be.cc.reorder-ratio
  prefix(0..100): tune.quic.frontend.stream-data-ratio, tune.quic.fe.stream.data-ratio, tune.quic.be.stream.data-ratio
  prefix(0..2147483647): maxsslconn, tune.h2.initial-window-size, tune.h2.max-concurrent-streams
  prefix(0..2147483647): tune.pattern.cache-size, tune.ssl.cachesize, tune.ssl.capture-buffer-size
  prefix(0..2147483647): tune.ssl.capture-cipherlist-size, tune.ssl.hard-maxrecord, tune.ssl.maxrecord
  prefix(0..2147483647): tune.ssl.ssl-ctx-cache-size
  prefix(1..9): tune.comp.maxlevel
  prefix(1..2147483647): stats maxconn
  prefix(1024..2147483647): tune.ssl.default-dh-param
  prefix(4096..65536): tune.h2.header-table-size
  prefix(16384..16777215): tune.h2.max-frame-size
  number: tune.lua.maxmem, tune.lua.forced-yield
  number: tune.vars.global-max-size, tune.vars.proc-max-size, tune.vars.reqres-max-size
  number: tune.vars.sess-max-size, tune.vars.txn-max-size
`;

const proxyKinds = `
  none|local|global: load-server-state-from-file
  request|response|both: compression direction
  identity|gzip|deflate|raw-deflate: compression algo-req
  ${LEVELS.join('|')}: email-alert level
`;

const bindKinds = `
  listeners: expose-fd
  user|operator|admin: level
  none|number|string: severity-output
  none|optional|required: verify
  SSLv3|TLSv1.0|TLSv1.1|TLSv1.2|TLSv1.3: ssl-min-ver, ssl-max-ver
  time: idle-ping
  newreno|cubic|bbr|nocc: quic-cc-algo
  listener|connection: quic-socket
`;

const serverKinds = `
  time: idle-ping
  time(1..2147483647): agent-inter
  prefix(1..2147483647): error-limit
  layer4|layer7|none: observe
  fastinter|fail-check|sudden-death|mark-down: on-error
  shutdown-backup-sessions: on-marked-up
  ipv4|ipv6: resolve-prefer
  none|required: verify
  SSLv3|TLSv1.0|TLSv1.1|TLSv1.2|TLSv1.3: ssl-min-ver, ssl-max-ver
  h1|h2|fcgi|none|spop|quic: check-proto
  list(allow-dup-ip|ignore-weight|prevent-dup-ip): resolve-opts
  up|down|fully-up|fully-down: init-state
`;

export const globalValues = readTable(globalKinds);
export const proxyValues = readTable(proxyKinds);
export const bindValues = readTable(bindKinds);
export const serverValues = readTable(serverKinds);

function readTable(text: string): ReadonlyMap<string, Argument<unknown>> {
  const table = new Map<string, Argument<unknown>>();
  for (const line of text.trim().split('\n')) {
    const [kind = '', names = ''] = line.trim().split(': ');
    const argument = argumentOf(kind);
    for (const name of names.split(', ')) table.set(name, argument);
  }
  return table;
}

function argumentOf(kind: string): Argument<unknown> {
  const [, name = '', inner = ''] = /^(\w+)\((.*)\)$/.exec(kind) ?? ['', kind];
  if (name === 'list') return listOf(...inner.split('|'));
  if (!/^(?:time|seconds|number|prefix)$/.test(name)) return oneOf(...name.split('|'));
  const [min = 0, max = 2_147_483_647] = inner === '' ? [] : inner.split('..').map(Number);
  if (name === 'time') return time('ms', min, max);
  if (name === 'seconds') return time('s');
  return integer(
    name === 'number' && inner === '' ? -2_147_483_648 : min,
    name === 'number' ? 99_999_999_999 : max,
    name === 'number' ? 'exact' : 'prefix',
  );
}
