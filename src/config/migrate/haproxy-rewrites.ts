/**
 * One function per word of haproxy.cfg that current releases do not take, by its first one or two words. Each gives
 * what becomes of the line, or null when this use of the word is fine. The `reqrep` family is in `header-rules.ts`.
 */
import { isCondition } from './condition-join.ts';
import type { SectionFacts } from './haproxy-sections.ts';
import type { PlainWord } from './haproxy-word.ts';
import { migrateAppsession, migrateHttpCheck } from './http-check-rules.ts';
import type { Outcome } from './migration.ts';

export interface Use {
  /** Words behind the name, as written. */
  readonly args: readonly PlainWord[];
  /** The same with the blanks before and between them. */
  readonly written: string;
  readonly section: SectionFacts;
  readonly hasNbthread: boolean;
  readonly nbproc: number;
}

export type Rewrite = (use: Use) => Outcome | null;

const lines = (...written: string[]): Outcome => ({ kind: 'lines', lines: written });
const raw = (words: readonly PlainWord[]): string => words.map((word) => word.raw).join(' ');

/** The same arguments under another name. */
function renamed(name: string): Rewrite {
  return ({ written }) => lines(`${name}${written}`);
}

function dropped(why: string, check?: true): Rewrite {
  return () => ({ kind: 'drop', why, ...(check && { check }) });
}

function left(why: string): Rewrite {
  return () => ({ kind: 'left', why });
}

function migrateNbproc({ args, hasNbthread }: Use): Outcome {
  const count = args[0]?.text ?? '';
  if (!/^\d+$/.test(count)) return { kind: 'left', why: `'${count}' is no number of processes` };
  if (hasNbthread) return { kind: 'drop', why: "there is one process; 'nbthread' is given already", check: true };
  const note = 'threads take the place of processes; counters and tables are shared by them';
  return { kind: 'lines', lines: [`nbthread ${count}`], note };
}

/** `cpu-map PROCESS CPU...` meant processes; with threads it is `1/THREAD`. */
function migrateCpuMap({ args, nbproc }: Use): Outcome | null {
  const process = args[0]?.raw ?? '';
  if (nbproc < 2 || !/^(?:\d+(?:-\d+)?|all|odd|even)$/.test(process)) return null;
  return lines(`cpu-map 1/${process} ${raw(args.slice(1))}`);
}

function migrateMonitorNet({ args, section }: Use): Outcome {
  const network = args[0]?.raw;
  if (!network) return { kind: 'left', why: 'it needs a network' };
  if (section.anonymousDefaults)
    return { kind: 'left', why: "rules cannot stand in a 'defaults' section without a name" };
  if (section.mode !== 'http') return lines(`tcp-request connection reject if { src ${network} }`);
  const written = [`http-request set-log-level silent if { src ${network} }`];
  return lines(...written, `http-request return status 200 if { src ${network} }`);
}

function migrateMode({ args, section }: Use): Outcome | null {
  if (args[0]?.text !== 'health') return null;
  if (section.anonymousDefaults)
    return { kind: 'left', why: "rules cannot stand in a 'defaults' section without a name" };
  const check = "a client that reads a bare 'OK' gets an HTTP response now";
  return { kind: 'lines', lines: ['mode http', 'http-request return status 200'], check };
}

function migrateHttpchk(use: Use): Outcome | null {
  if (use.section.mode === 'health') return { kind: 'drop', why: "'mode health' became a rule that answers 200" };
  return migrateHttpCheck(use.args);
}

function migrateBlock({ args, written }: Use): Outcome {
  const condition = args.map((word) => word.raw);
  if (!isCondition(condition)) return { kind: 'left', why: "it needs 'if' or 'unless'" };
  return lines(`http-request deny${written}`);
}

const renamedAliases: Readonly<Record<string, string>> = {
  Bi: 'bi',
  Bp: 'bp',
  Ci: 'ci',
  Cp: 'cp',
  Fi: 'fi',
  Fp: 'fp',
  Si: 'si',
  Sp: 'sp',
  cs: 'CS',
  st: 'ST',
  cc: 'CC',
  Hs: 'hs',
};

/** Aliases in log formats that were renamed; `%{+Q}Ci` keeps its flags. */
function migrateLogFormat(name: string): Rewrite {
  return ({ written }) => {
    const next = written.replace(
      /(%%)|%(\{[^}]*\})?([A-Z][ip]|cs|st|cc|Hs)(?![A-Za-z])/g,
      (whole, escaped, flags, alias) =>
        escaped || !renamedAliases[alias] ? whole : `%${flags ?? ''}${renamedAliases[alias]}`,
    );
    return next === written ? null : lines(`${name}${next}`);
  };
}

/** `bind ADDRESS process 1-4`: the listener belongs to all threads. */
function migrateBind(name: string, { args, nbproc }: Use): Outcome | null {
  const at = args.findIndex((word) => word.raw === 'process');
  if (at < 1 || at + 1 >= args.length) return null;
  const kept = [...args.slice(0, at), ...args.slice(at + 2)];
  const check = `'process ${args[at + 1]!.raw}' is left out: all threads take connections ('thread' chooses some)`;
  return { kind: 'lines', lines: [`${name} ${raw(kept)}`], ...(nbproc > 1 ? { check } : { note: check }) };
}

function migrateHashType({ args }: Use): Outcome | null {
  return args[0]?.raw === 'avalanche' ? lines('hash-type map-based sdbm avalanche') : null;
}

/** Criteria of ACLs that were renamed or dropped. */
function migrateAcl({ args }: Use): Outcome | null {
  const [name, criterion, ...rest] = args;
  const old = /^(line(?:_\w+)?|src_limit|cook_pst)(\(.*\))?$/.exec(criterion?.raw ?? '');
  if (!name || !old) return null;
  if (old[1] === 'cook_pst' && old[2] && rest.length === 0) {
    return lines(`acl ${name.raw} req.cook${old[2]} -m found`);
  }
  return { kind: 'left', why: `the criterion '${old[1]}' is gone; say what it should look at` };
}

const always = 'it has no effect any more';
const httpTunnel = 'tunnels are made only by protocols that ask for one';

/** By "first second" or "first". */
export const rewrites: ReadonlyMap<string, Rewrite> = new Map<string, Rewrite>([
  ['contimeout', renamed('timeout connect')],
  ['clitimeout', renamed('timeout client')],
  ['srvtimeout', renamed('timeout server')],
  ['timeout contimeout', renamed('timeout connect')],
  ['timeout clitimeout', renamed('timeout client')],
  ['timeout srvtimeout', renamed('timeout server')],
  ['timeout appsession', dropped("the lifetime is the stick-table's 'expire'", true)],
  ['redispatch', renamed('option redispatch')],
  ['redisp', renamed('option redispatch')],
  ['block', migrateBlock],
  ['appsession', ({ args, section }) => migrateAppsession(args, section.hasTable)],
  ['monitor-net', migrateMonitorNet],
  ['mode', migrateMode],
  ['option httpchk', migrateHttpchk],
  ['option forceclose', renamed('option httpclose')],
  ['option http-tunnel', dropped(httpTunnel, true)],
  ['option http-use-htx', dropped('it is always on')],
  ['option keepalive', renamed('option http-keep-alive')],
  ['option tcpsplice', renamed('option splice-auto')],
  ['option independant-streams', renamed('option independent-streams')],
  [
    'option http_proxy',
    left("say with 'http-request do-resolve', 'set-dst' and a server 0.0.0.0:0 where requests may go"),
  ],
  ['nbproc', migrateNbproc],
  ['cpu-map', migrateCpuMap],
  ['bind', (use) => migrateBind('bind', use)],
  ['stats socket', (use) => migrateBind('stats socket', use)],
  ['bind-process', dropped("all threads serve it ('thread' on its bind lines chooses some)", true)],
  ['stats bind-process', dropped('there is one process')],
  ['grace', dropped("the global word 'grace' or 'hard-stop-after' bounds a soft stop")],
  ['debug', dropped('the option -d of the command line says it')],
  ['nosepoll', renamed('noepoll')],
  ['tune.chksize', dropped("checks use buffers of 'tune.bufsize'")],
  ['resolution_pool_size', dropped(always)],
  ['hash-type', migrateHashType],
  ['usesrc', left("it belongs behind 'source ADDRESS'")],
  ['acl', migrateAcl],
  ['log-format', migrateLogFormat('log-format')],
  ['log-format-sd', migrateLogFormat('log-format-sd')],
  ['unique-id-format', migrateLogFormat('unique-id-format')],
]);

/** A single address that all connections went to, as a server. With servers beside it, it had a meaning of its own. */
function migrateDispatch({ args, written, section }: Use): Outcome | null {
  if (section.hasServers || args.length !== 1) return null;
  const check = "'dispatch' is to go in 3.5; the server in its place shows in logs and statistics";
  return { kind: 'lines', lines: [`server dispatch${written}`], check };
}

/** Settings of QUIC for both sides became one for each. */
const quicNames: Readonly<Record<string, readonly string[]>> = {
  'tune.quic.cc.cubic.min-losses': ['tune.quic.fe.cc.cubic-min-losses', 'tune.quic.be.cc.cubic-min-losses'],
  'tune.quic.cc-hystart': ['tune.quic.fe.cc.hystart', 'tune.quic.be.cc.hystart'],
  'tune.quic.max-frame-loss': ['tune.quic.fe.cc.max-frame-loss', 'tune.quic.be.cc.max-frame-loss'],
  'tune.quic.frontend.default-max-window-size': ['tune.quic.fe.cc.max-win-size'],
  'tune.quic.reorder-ratio': ['tune.quic.fe.cc.reorder-ratio', 'tune.quic.be.cc.reorder-ratio'],
  'tune.quic.frontend.max-idle-timeout': ['tune.quic.fe.max-idle-timeout'],
  'tune.quic.backend.max-idle-timeout': ['tune.quic.be.max-idle-timeout'],
  'tune.quic.frontend.glitches-threshold': ['tune.quic.fe.sec.glitches-threshold'],
  'tune.quic.retry-threshold': ['tune.quic.fe.sec.retry-threshold'],
  'tune.quic.frontend.stream-data-ratio': ['tune.quic.fe.stream.data-ratio'],
  'tune.quic.frontend.max-streams-bidi': ['tune.quic.fe.stream.max-concurrent'],
  'tune.quic.frontend.max-data-size': ['tune.quic.fe.stream.rxbuf'],
  'tune.quic.frontend.max-tx-mem': ['tune.quic.mem.tx-max'],
};

/** What the newest releases dropped, or warn of. */
export const recentRewrites: ReadonlyMap<string, Rewrite> = new Map<string, Rewrite>([
  ['no-quic', () => lines('tune.quic.listen off')],
  ['tune.quic.disable-tx-pacing', () => lines('tune.quic.fe.tx.pacing off', 'tune.quic.be.tx.pacing off')],
  ['tune.quic.disable-udp-gso', () => lines('tune.quic.fe.tx.udp-gso off', 'tune.quic.be.tx.udp-gso off')],
  ['tune.quic.frontend.conn-tx-buffers.limit', dropped(always)],
  ['tune.ssl.capture-cipherlist-size', renamed('tune.ssl.capture-buffer-size')],
  ['dispatch', migrateDispatch],
  ...Object.entries(quicNames).map(([old, fresh]): [string, Rewrite] => [
    old,
    ({ written }) => lines(...fresh.map((name) => `${name}${written}`)),
  ]),
]);
