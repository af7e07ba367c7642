/** `virtual_server` and `virtual_server_group` records as they stand in a keepalived.conf; see `print-keepalived.ts`. */
import type {
  CheckerConf,
  CheckerConnection,
  ForwardingConf,
  GroupMemberConf,
  RealServerConf,
  SorryServerConf,
  UrlConf,
  VirtualServerConf,
  VirtualServerGroupConf,
  VirtualServerTarget,
} from './keepalived.ts';
import { block, command, optional, printScript, printWeight, quote, seconds, when } from './keepalived-lines.ts';

export function printVirtualServerGroup(group: VirtualServerGroupConf): string[] {
  return block(`virtual_server_group ${quote(group.name)}`, group.members.map(printMember));
}

function printMember(member: GroupMemberConf): string {
  if (member.kind === 'fwmark') {
    const family = member.family === null ? [] : [member.family === 6 ? 'inet6' : 'inet'];
    return ['fwmark', member.fwmark, ...family].join(' ');
  }
  const last = member.last === null ? '' : `-${member.last.toString(member.family === 6 ? 16 : 10)}`;
  return `${member.address}${last}${member.port === 0 ? '' : ` ${member.port}`}`;
}

export function printVirtualServer(server: VirtualServerConf): string[] {
  const { target, quorum } = server;
  return block(`virtual_server ${printTarget(target)}`, [
    ...when(target.kind === 'fwmark', `ip_family ${'family' in target && target.family === 6 ? 'inet6' : 'inet'}`),
    ...optional('protocol', server.protocol),
    `lb_algo ${server.scheduler}`,
    ...server.schedulerFlags,
    `lb_kind ${printForwarding(server.forwarding)}`,
    ...when(server.persistenceTimeoutS !== 0, `persistence_timeout ${server.persistenceTimeoutS}`),
    ...optional('persistence_granularity', server.persistenceGranularity),
    ...optional('persistence_engine', server.persistenceEngine),
    ...when(server.haSuspend, 'ha_suspend'),
    ...when(server.alpha, 'alpha'),
    ...when(server.omega, 'omega'),
    // A quorum of 0 comes of one that is higher than the sum of weights, which is 0.
    ...when(quorum !== 1, `quorum ${Math.max(quorum, 1)}`),
    ...when(server.hysteresis !== 0, `hysteresis ${server.hysteresis}`),
    ...printScript('quorum_up', server.quorumUp),
    ...printScript('quorum_down', server.quorumDown),
    ...printAlert(server.smtpAlert),
    ...optional('virtualhost', server.virtualhost),
    ...optional('snmp_name', server.snmpName),
    ...(server.sorryServer ? printSorryServer(server.sorryServer, server.forwarding) : []),
    ...server.realServers.flatMap((each) => printRealServer(each, server)),
  ]);
}

function printTarget(target: VirtualServerTarget): string {
  if (target.kind === 'fwmark') return `fwmark ${target.fwmark}`;
  return target.kind === 'group' ? `group ${quote(target.group)}` : printEndpoint(target);
}

function printEndpoint({ address, port }: { readonly address: string; readonly port: number }): string {
  return port === 0 ? address : `${address} ${port}`;
}

function printForwarding(forwarding: ForwardingConf): string {
  return [
    forwarding.method,
    ...optional('type', forwarding.tunnel),
    ...optional('port', forwarding.tunnelPort),
    ...(forwarding.checksum === null ? [] : [forwarding.checksum]),
  ].join(' ');
}

function isSame(one: ForwardingConf, other: ForwardingConf): boolean {
  return printForwarding(one) === printForwarding(other);
}

function printAlert(alert: boolean | null): string[] {
  return alert === null ? [] : [`smtp_alert ${alert ? 'on' : 'off'}`];
}

function printSorryServer(sorry: SorryServerConf, inherited: ForwardingConf): string[] {
  return [
    `sorry_server ${printEndpoint(sorry)}`,
    ...when(sorry.inhibit, 'sorry_server_inhibit'),
    ...when(!isSame(sorry.forwarding, inherited), `sorry_server_lvs_method ${printForwarding(sorry.forwarding)}`),
  ];
}

function printRealServer(server: RealServerConf, virtual: VirtualServerConf): string[] {
  return block(`real_server ${printEndpoint(server)}`, [
    ...when(server.weight !== 1, `weight ${server.weight}`),
    ...when(!isSame(server.forwarding, virtual.forwarding), `lvs_method ${printForwarding(server.forwarding)}`),
    ...when(server.upperThreshold !== 0, `uthreshold ${server.upperThreshold}`),
    ...when(server.lowerThreshold !== 0, `lthreshold ${server.lowerThreshold}`),
    ...when(server.inhibitOnFailure, 'inhibit_on_failure'),
    ...when(server.alpha !== virtual.alpha, `alpha ${server.alpha ? 'on' : 'off'}`),
    ...optional('virtualhost', server.virtualhost === virtual.virtualhost ? null : server.virtualhost),
    ...optional('snmp_name', server.snmpName),
    ...printScript('notify_up', server.notifyUp),
    ...printScript('notify_down', server.notifyDown),
    ...printAlert(server.smtpAlert),
    ...server.checkers.flatMap((each) => block(each.kind, printChecker(each, server.alpha))),
  ]);
}

const RETRIES: Partial<Record<CheckerConf['kind'], number>> = { DNS_CHECK: 3, MISC_CHECK: 0 };

function printChecker(checker: CheckerConf, alpha: boolean): string[] {
  if (checker.kind === 'FILE_CHECK') return printFileCheck(checker);
  const ownAlpha = when(checker.alpha !== alpha, `alpha ${checker.alpha ? 'on' : 'off'}`);
  if (checker.kind === 'BFD_CHECK') return [`name ${quote(checker.session)}`, ...ownAlpha];
  return [
    ...('connection' in checker ? printConnection(checker.connection) : []),
    ...printSpecial(checker),
    ...when(checker.retry !== (RETRIES[checker.kind] ?? 1), `retry ${checker.retry}`),
    ...when(checker.delayBeforeRetryMs !== 1000, `delay_before_retry ${seconds(checker.delayBeforeRetryMs)}`),
    ...when(checker.delayLoopMs !== 60_000, `delay_loop ${seconds(checker.delayLoopMs)}`),
    ...when(checker.warmupMs !== checker.delayLoopMs, `warmup ${seconds(checker.warmupMs)}`),
    ...ownAlpha,
    ...when(checker.logAllFailures, 'log_all_failures'),
  ];
}

function printFileCheck(checker: Extract<CheckerConf, { kind: 'FILE_CHECK' }>): string[] {
  const { weight, weightReverse } = checker;
  return [`track_file ${quote(checker.trackFile)}`, ...(weight === null ? [] : [printWeight(weight, weightReverse)])];
}

function printConnection(connection: CheckerConnection): string[] {
  return [
    ...optional('connect_ip', connection.address),
    ...optional('connect_port', connection.port),
    ...optional('bindto', connection.bindTo),
    ...optional('bind_port', connection.bindPort),
    ...optional('bind_if', connection.bindInterface),
    ...when(connection.timeoutMs !== 5000, `connect_timeout ${seconds(connection.timeoutMs)}`),
    ...when(connection.fwmark !== 0, `fwmark ${connection.fwmark}`),
  ];
}

/** What a kind of checker has of its own. */
function printSpecial(checker: CheckerConf): string[] {
  switch (checker.kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
      return [
        ...checker.urls.flatMap((url) => block('url', printUrl(url))),
        ...optional('virtualhost', checker.virtualhost),
        ...when(checker.httpProtocol !== '1.0', `http_protocol ${checker.httpProtocol}`),
        ...when(checker.enableSni, 'enable_sni'),
        ...optional('sni_name', checker.sniName),
        ...when(checker.fastRecovery, 'fast_recovery'),
        ...when(checker.tlsCompliant, 'tls_compliant'),
      ];
    case 'SMTP_CHECK':
      return [
        ...optional('helo_name', checker.heloName),
        ...checker.hosts.flatMap((host) => block('host', printConnection(host))),
      ];
    case 'DNS_CHECK':
      return [`type ${checker.type}`, `name ${quote(checker.name)}`];
    case 'MISC_CHECK':
      return printMisc(checker);
    case 'UDP_CHECK':
      return [
        ...optional('payload', checker.payload),
        ...(checker.requireReply === '' ? ['require_reply'] : optional('require_reply', checker.requireReply)),
        ...when(checker.minReplyLength !== 0, `min_reply_length ${checker.minReplyLength}`),
        ...when(checker.maxReplyLength !== 255, `max_reply_length ${checker.maxReplyLength}`),
      ];
    default:
      return [];
  }
}

function printMisc(checker: Extract<CheckerConf, { kind: 'MISC_CHECK' }>): string[] {
  const { user, group } = checker.script;
  const owner = [user, group].flatMap((each) => (each === null ? [] : [quote(each)]));
  return [
    `misc_path ${command(checker.script)}`,
    ...when(checker.timeoutMs !== 0, `misc_timeout ${checker.timeoutMs / 1000}`),
    ...when(checker.dynamicWeight, 'misc_dynamic'),
    ...when(owner.length > 0, ['user', ...owner].join(' ')),
  ];
}

function printUrl(url: UrlConf): string[] {
  const codes = url.statusCodes.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return [
    `path ${quote(url.path)}`,
    ...optional('digest', url.digest),
    ...when(codes.length > 0, `status_code ${codes.join(' ')}`),
    ...optional('virtualhost', url.virtualhost),
    ...optional('regex', url.regex),
    ...when(url.regexNoMatch, 'regex_no_match'),
    ...when(url.regexOptions.length > 0, `regex_options ${url.regexOptions.join(' ')}`),
    ...when(url.regexMinOffset !== 0, `regex_min_offset ${url.regexMinOffset}`),
    ...optional('regex_max_offset', url.regexMaxOffset),
  ];
}
