/**
 * HAProxy's words for what health checks find: the lines of its log and of its standard error, as 2.6 writes them.
 *
 * Pure: the caller knows the counts and sends the lines. A transition is told once, a plain result only with
 * `option log-health-checks`; that option also takes the reason out of the transition's line, because the line before
 * has just given it.
 */
import type { ProxyKind } from '../../config/haproxy.ts';
import type { CheckCode, ServerHealth } from '../../ipc/messages.ts';

/** Severities of syslog (RFC 5424) that these lines use. */
const emergency = 0;
export const alert = 1;
export const notice = 5;

export interface HealthLine {
  readonly severity: typeof emergency | typeof alert | typeof notice;
  readonly text: string;
  /** The same event on standard error: its tag, and its text where that differs. */
  readonly stderr: { readonly tag: 'WARNING' | 'ALERT'; readonly text: string };
}

export interface HealthSubject {
  readonly proxyName: string;
  readonly serverName: string;
  readonly backup: boolean;
  /** Weight 0: up, but drained. */
  readonly drained: boolean;
  readonly logHealthChecks: boolean;
}

/** Counts after the change. `active` and `backup` are servers that are up. */
export interface HealthCounts {
  readonly active: number;
  readonly backup: number;
  /** Sessions of the server that go on or were closed; 0 for a server coming up. */
  readonly sessions: number;
  readonly requeued: number;
  /** Requests in the server's own queue. */
  readonly queued: number;
}

const descriptions: Readonly<Record<CheckCode, string>> = {
  UNK: 'Unknown',
  INI: 'Initializing',
  SOCKERR: 'Socket error',
  L4OK: 'Layer4 check passed',
  L4TOUT: 'Layer4 timeout',
  L4CON: 'Layer4 connection problem',
  L6OK: 'Layer6 check passed',
  L6TOUT: 'Layer6 timeout',
  L6RSP: 'Layer6 invalid response',
  L7OK: 'Layer7 check passed',
  L7OKC: 'Layer7 check conditionally passed',
  L7TOUT: 'Layer7 timeout',
  L7RSP: 'Layer7 invalid response',
  L7STS: 'Layer7 wrong status',
};

/** What `check_desc` of the statistics says for a code. */
export function describeCode(code: CheckCode): string {
  return descriptions[code];
}

/** "Server db/db1 is DOWN, reason: ...", or "is DOWN via OTHER" for one that tracks another. */
export function transitionLine(
  subject: HealthSubject,
  health: ServerHealth,
  counts: HealthCounts,
  via: string | null,
): HealthLine {
  const reason = via !== null ? ` via ${via}` : subject.logHealthChecks ? '' : reasonOf(health);
  if (health.up) return warn(notice, `${nameOf(subject)} is UP${reason}. ${onlineText(counts)}`);
  const { active, backup, requeued, queued, sessions } = counts;
  const left = `${active} active and ${backup} backup servers left.${onBackup(counts)}`;
  const tail = `${left} ${sessions} sessions active, ${requeued} requeued, ${queued} remaining in queue.`;
  return warn(alert, `${nameOf(subject)} is DOWN${reason}. ${tail}`);
}

/** The end of `slowstart`. */
export function fullSpeedLine(subject: HealthSubject, counts: HealthCounts, via: string | null): HealthLine {
  return warn(notice, `${nameOf(subject)} is UP${via === null ? '' : ` via ${via}`}. ${onlineText(counts)}`);
}

function nameOf({ proxyName, serverName, backup }: HealthSubject): string {
  return `${backup ? 'Backup ' : ''}Server ${proxyName}/${serverName}`;
}

function onlineText(counts: HealthCounts): string {
  const servers = `${counts.active} active and ${counts.backup} backup servers online.${onBackup(counts)}`;
  return `${servers} ${counts.requeued} sessions requeued, ${counts.queued} total in queue.`;
}

function onBackup({ active, backup }: HealthCounts): string {
  return active === 0 && backup > 0 ? ' Running on backup.' : '';
}

/** The last server that could be used is gone. */
export function lastServerLine({ name, kind }: { readonly name: string; readonly kind: ProxyKind }): HealthLine {
  const what = kind === 'listen' ? 'proxy' : kind;
  return {
    severity: emergency,
    text: `${what} ${name} has no server available!`,
    stderr: { tag: 'ALERT', text: `${what} '${name}' has no server available!` },
  };
}

/** Whether `option log-health-checks` tells this result: the code or the count differs from the last one. */
export function isNews(last: ServerHealth | null, health: ServerHealth): boolean {
  return last === null || last.code !== health.code || last.health !== health.health;
}

/** "Health check for server db/db1 succeeded, reason: ..., status: 3/3 UP." */
export function resultLine(subject: HealthSubject, health: ServerHealth): HealthLine {
  const { proxyName, serverName, backup } = subject;
  const passed = health.code.endsWith('OK') || health.code === 'L7OKC';
  const outcome = `${health.code === 'L7OKC' ? 'conditionally ' : ''}${passed ? 'succeeded' : 'failed'}`;
  const name = `${backup ? 'backup ' : ''}server ${proxyName}/${serverName}`;
  const state = health.up ? (subject.drained ? 'DRAIN' : 'UP') : 'DOWN';
  const count = health.up ? `${health.health - health.rise + 1}/${health.fall}` : `${health.health}/${health.rise}`;
  return warn(notice, `Health check for ${name} ${outcome}${reasonOf(health)}, status: ${count} ${state}.`);
}

function warn(severity: HealthLine['severity'], text: string): HealthLine {
  return { severity, text, stderr: { tag: 'WARNING', text } };
}

function reasonOf({ code, status, text, durationMs }: ServerHealth): string {
  const parts = [`, reason: ${descriptions[code]}`];
  if (status > 0) parts.push(`code: ${status}`);
  if (text !== '') parts.push(`info: "${escapeText(text)}"`);
  if (durationMs >= 0) parts.push(`check duration: ${durationMs}ms`);
  return parts.join(', ');
}

/** What came from outside is printable ASCII in a log: everything else, and the quote, becomes `<hh>`. */
function escapeText(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const plain = byte >= 32 && byte < 127 && byte !== 34;
    out += plain ? String.fromCharCode(byte) : `<${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
  }
  return out;
}
