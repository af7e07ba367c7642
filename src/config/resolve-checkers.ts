/**
 * From the node of a checker to its frozen record: defaults run from the virtual server by the real server down to the
 * checker. A checker that lacks what it cannot work without is left out with an error. keepalived.conf(5), "Real server(s)".
 */
import type { Context } from '../../grammar/keepalived/context.ts';
import { scriptOf } from '../../grammar/keepalived/keywords/checker.ts';
import type {
  CheckerNode,
  CheckTimingNode,
  DocumentNode,
  RealServerNode,
  UrlNode,
  VirtualServerNode,
} from '../../grammar/keepalived/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type { CheckerConf, CheckerConnection, UrlConf } from './keepalived.ts';
import type { Surroundings } from './keepalived-surroundings.ts';

const DELAY_LOOP_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
const DELAY_BEFORE_RETRY_MS = 1_000;

export class CheckerResolver {
  private readonly document: DocumentNode;
  private readonly around: Surroundings;
  private readonly context: Context;

  constructor(document: DocumentNode, around: Surroundings) {
    this.document = document;
    this.around = around;
    this.context = around.context;
  }

  resolve(checker: CheckerNode, server: RealServerNode, node: VirtualServerNode): CheckerConf | null {
    const timing = mergeTiming(FOLLOWERS.has(checker.kind) ? [] : [node, server, checker]);
    const delayLoopMs = timing.delayLoopMs ?? DELAY_LOOP_MS;
    const common = {
      retry: timing.retry ?? defaultRetry(checker),
      delayBeforeRetryMs: timing.delayBeforeRetryMs ?? DELAY_BEFORE_RETRY_MS,
      warmupMs: timing.warmupMs ?? delayLoopMs,
      delayLoopMs,
      alpha: checker.alpha ?? server.alpha ?? node.alpha ?? false,
      logAllFailures: checker.logAllFailures ?? false,
      place: this.around.place(checker.site),
    };
    const timeoutMs = server.connectTimeoutMs ?? node.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.checkBinding(checker, server);
    const special = this.specialOf(checker, connectionOf(checker, timeoutMs));
    return special && ({ ...common, ...special } as CheckerConf);
  }

  private checkBinding(checker: CheckerNode, server: RealServerNode): void {
    if (checker.bindTo === undefined) return;
    const target = checker.connectIp ?? server.endpoint.address;
    if (checker.bindTo.includes(':') === target.includes(':')) return;
    const message = `bindto address ${checker.bindTo} does not match address family of connect_ip - skipping`;
    this.context.error('family-mismatch', this.context.endOf(checker.statement, checker.site), message);
  }

  /** What a kind of checker has of its own; null when it lacks what it cannot work without. */
  private specialOf(checker: CheckerNode, connection: CheckerConnection): object | null {
    const { kind, name } = checker;
    switch (kind) {
      case 'TCP_CHECK':
      case 'PING_CHECK':
        return { kind, connection };
      case 'HTTP_GET':
      case 'SSL_GET':
        return this.httpOf(checker, connection);
      case 'SMTP_CHECK': {
        const hosts = (checker.hosts ?? []).map((host) => connectionOf(host, connection.timeoutMs));
        return { kind, connection, heloName: textOf(checker.heloName), hosts };
      }
      case 'DNS_CHECK':
        return { kind, connection, type: checker.dnsType ?? 'SOA', name: toUtf8(name ?? '.') };
      case 'MISC_CHECK':
        return this.miscOf(checker);
      case 'UDP_CHECK':
        this.checkLengths(checker);
        return udpOf(checker, connection);
      case 'FILE_CHECK': {
        const { weight } = checker;
        if (!this.refersTo(checker, 'trackFiles', 'track_file')) return null;
        const own = { weight: weight?.weight ?? null, weightReverse: weight?.reverse ?? false };
        return { kind, trackFile: toUtf8(name!), ...own };
      }
      case 'BFD_CHECK':
        return this.refersTo(checker, 'bfdSessions', 'BFD instance') ? { kind, session: toUtf8(name!) } : null;
    }
  }

  private checkLengths({ minReplyLength = 0, maxReplyLength = 255, statement }: CheckerNode): void {
    if (minReplyLength <= maxReplyLength) return;
    const message = `UDP_CHECK min_reply length ${minReplyLength} > max_reply_length ${maxReplyLength} - will always fail`;
    this.context.warning('reply-length', this.context.endOf(statement), message);
  }

  private httpOf(checker: CheckerNode, connection: CheckerConnection): object | null {
    if (!checker.urls?.length) {
      this.context.error('no-url', checker.site, `${checker.kind} has no url specified - removing checker`);
      return null;
    }
    return {
      kind: checker.kind,
      connection,
      urls: checker.urls.map(urlConf),
      virtualhost: textOf(checker.virtualhost),
      httpProtocol: checker.httpProtocol ?? '1.0',
      enableSni: checker.enableSni ?? false,
      sniName: textOf(checker.sniName),
      fastRecovery: checker.fastRecovery ?? false,
      tlsCompliant: checker.tlsCompliant ?? false,
    };
  }

  private miscOf(checker: CheckerNode): object | null {
    const script = scriptOf(checker);
    if (!script) {
      this.context.error('no-script', checker.site, 'No script path has been specified for MISC_CHECKER - skipping');
      return null;
    }
    const timeoutMs = (checker.scriptTimeoutS ?? 0) * 1000;
    // The user of a MISC_CHECK is a line of its own.
    const { user } = checker;
    const isKnown = user ? this.around.checkUser(user.value.user, user.site) : this.around.checkDefaultUser(script);
    if (!isKnown && this.context.asOriginal) return null;
    this.around.checkExecutable(script, 'notify-not-here', `script '${script.argv[0]}' not found`);
    return {
      kind: 'MISC_CHECK',
      script: this.around.scriptConf(script),
      timeoutMs,
      dynamicWeight: checker.scriptWeight ?? false,
    };
  }

  private refersTo(checker: CheckerNode, list: 'trackFiles' | 'bfdSessions', what: string): boolean {
    const { name } = checker;
    const known = this.document[list].map((node) => node.name.text);
    if (name !== undefined && known.includes(name)) return true;
    const message =
      name === undefined
        ? `${checker.kind} names no ${what} - removing`
        : `${checker.kind} - ${what} ${name} not found`;
    const suggestion = name === undefined ? undefined : nearestWord(name, known);
    this.context.error('unknown-track', checker.site, message, suggestion ? { suggestion } : {});
    return false;
  }
}

/** Checkers that hear of changes, and have no timing of their own. */
const FOLLOWERS: ReadonlySet<string> = new Set(['FILE_CHECK', 'BFD_CHECK']);

/** Later ones count more; what is not given does not count. */
function mergeTiming(nodes: readonly CheckTimingNode[]): CheckTimingNode {
  const merged: CheckTimingNode = {};
  for (const { retry, delayBeforeRetryMs, warmupMs, delayLoopMs } of nodes) {
    const given = Object.entries({ retry, delayBeforeRetryMs, warmupMs, delayLoopMs });
    Object.assign(merged, Object.fromEntries(given.filter(([, value]) => value !== undefined)));
  }
  return merged;
}

export function textOf(value: string | undefined): string | null {
  return value === undefined ? null : toUtf8(value);
}

/** Name servers are asked three times; a failed program is believed at once. */
function defaultRetry({ kind }: CheckerNode): number {
  if (kind === 'DNS_CHECK') return 3;
  return kind === 'MISC_CHECK' ? 0 : 1;
}

function connectionOf(checker: CheckerNode, timeoutMs: number): CheckerConnection {
  return {
    address: checker.connectIp ?? null,
    port: checker.connectPort ?? null,
    bindTo: checker.bindTo ?? null,
    bindPort: checker.bindPort ?? null,
    bindInterface: textOf(checker.bindInterface),
    timeoutMs: checker.connectTimeoutMs ?? timeoutMs,
    fwmark: checker.fwmark ?? 0,
  };
}

function urlConf(node: UrlNode): UrlConf {
  return {
    path: toUtf8(node.path ?? '/'),
    digest: node.digest?.toLowerCase() ?? null,
    statusCodes: node.statusCodes ?? [],
    virtualhost: textOf(node.virtualhost),
    regex: textOf(node.regex),
    regexNoMatch: node.regexNoMatch ?? false,
    regexOptions: node.regexOptions ?? [],
    regexMinOffset: node.regexMinOffset ?? 0,
    regexMaxOffset: node.regexMaxOffset ?? null,
  };
}

function udpOf(checker: CheckerNode, connection: CheckerConnection): object {
  return {
    kind: 'UDP_CHECK',
    connection,
    payload: checker.payload?.toLowerCase() ?? null,
    requireReply: textOf(checker.requireReply),
    minReplyLength: checker.minReplyLength ?? 0,
    maxReplyLength: checker.maxReplyLength ?? 255,
  };
}
