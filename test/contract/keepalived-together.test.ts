/**
 * Words that need, forbid or change each other, and names that must be defined: our exit code under the profile
 * keepalived-2.2 against Debian's keepalived 2.2.7.
 */
// biome-ignore-all lint/style/useTemplate: blocks are set one behind the other here
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/config/keepalived-verdict.ts';
import { loadKeepalived, localOptions } from '../../src/config/load-keepalived.ts';
import { device, findHindrance } from './keepalived-oracle.ts';

const why = findHindrance({ namesDevice: true });
const DEVICE = device ?? 'eth0';

const HEAD = 'global_defs {\nscript_user root\nenable_script_security\n}\n';
const inst = (name: string, id: number, ...l: string[]) =>
  `vrrp_instance ${name} {\ninterface ${DEVICE}\nvirtual_router_id ${id}\nvirtual_ipaddress {\n192.0.2.${id}\n}\n${l.join('\n')}\n}\n`;
const raw = (name: string, ...l: string[]) => `vrrp_instance ${name} {\n${l.join('\n')}\n}\n`;
const vs = (head: string, ...l: string[]) =>
  `virtual_server ${head} {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n${l.join('\n')}\n}\n`;
const rs = (head: string, ...l: string[]) => `real_server ${head} {\n${l.join('\n')}\n}`;
const cases: readonly (readonly [what: string, text: string])[] = [
  ['same vrid', inst('A', 1) + inst('B', 1)],
  ['same vip two instances', inst('A', 1) + inst('B', 2).replace('192.0.2.2', '192.0.2.1')],
  ['same name', inst('A', 1) + inst('A', 2)],
  ['sync one', inst('A', 1) + 'vrrp_sync_group G {\ngroup {\nA\n}\n}\n'],
  ['sync unknown', inst('A', 1) + 'vrrp_sync_group G {\ngroup {\nA\nZ\n}\n}\n'],
  ['sync empty', inst('A', 1) + 'vrrp_sync_group G {\ngroup {\n}\n}\n'],
  ['sync none', inst('A', 1) + 'vrrp_sync_group G {\n}\n'],
  [
    'sync twice',
    inst('A', 1) +
      inst('B', 2) +
      'vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\nvrrp_sync_group H {\ngroup {\nA\nB\n}\n}\n',
  ],
  [
    'sync same name',
    inst('A', 1) +
      inst('B', 2) +
      'vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\nvrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n',
  ],
  ['sync group before', 'vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n' + inst('A', 1) + inst('B', 2)],
  ['sync line members', inst('A', 1) + inst('B', 2) + 'vrrp_sync_group G {\ngroup {\nA B\n}\n}\n'],
  [
    'sync weights',
    inst('A', 1, 'track_interface {\nlo weight 5\n}') + inst('B', 2) + 'vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n',
  ],
  [
    'sync group track',
    inst('A', 1) + inst('B', 2) + 'vrrp_sync_group G {\ngroup {\nA\nB\n}\ntrack_interface {\nnosuch\n}\n}\n',
  ],
  [
    'sync group script',
    inst('A', 1) + inst('B', 2) + 'vrrp_sync_group G {\ngroup {\nA\nB\n}\ntrack_script {\nnosuch\n}\n}\n',
  ],
  [
    'sync group file',
    inst('A', 1) + inst('B', 2) + 'vrrp_sync_group G {\ngroup {\nA\nB\n}\ntrack_file {\nnosuch\n}\n}\n',
  ],
  ['no vrid', raw('A', 'interface ${DEVICE}', 'virtual_ipaddress {\n192.0.2.1\n}')],
  ['no if', raw('A', 'virtual_router_id 3', 'virtual_ipaddress {\n192.0.2.1\n}')],
  ['no vip', raw('A', 'virtual_router_id 3', 'interface ${DEVICE}')],
  ['no vip v3', raw('A', 'virtual_router_id 3', 'interface ${DEVICE}', 'version 3')],
  ['prio 255 backup', inst('A', 1, 'priority 255', 'state BACKUP')],
  ['master no prio', inst('A', 1, 'state MASTER')],
  ['ipv6 v2', inst('A', 1, 'version 2').replace('192.0.2.1', '2001:db8::1')],
  ['ipv6 first not ll', inst('A', 1).replace('192.0.2.1', '2001:db8::1')],
  ['ipv6 ll', inst('A', 1).replace('192.0.2.1', 'fe80::1')],
  ['mixed excluded', inst('A', 1, 'virtual_ipaddress_excluded {\n2001:db8::1\n}')],
  ['accept and strict', inst('A', 1, 'strict_mode', 'accept')],
  ['strict unicast', inst('A', 1, 'strict_mode', 'unicast_peer {\n192.0.2.77\n}')],
  ['strict auth', inst('A', 1, 'strict_mode', 'authentication {\nauth_type PASS\nauth_pass abc\n}')],
  ['strict no vip', raw('A', 'strict_mode', 'interface ${DEVICE}', 'virtual_router_id 4')],
  ['strict preempt_delay', inst('A', 1, 'strict_mode', 'preempt_delay 5')],
  ['strict advert frac v3', inst('A', 1, 'strict_mode', 'version 3', 'advert_int 0.5')],
  ['strict prio 0 weights', inst('A', 1, 'strict_mode', 'priority 255', 'state BACKUP')],
  ['strict ipv6 no ll', inst('A', 1, 'strict_mode').replace('192.0.2.1', '2001:db8::1')],
  ['auth type no pass', inst('A', 1, 'authentication {\nauth_type PASS\n}')],
  ['auth pass no type', inst('A', 1, 'authentication {\nauth_pass abc\n}')],
  ['auth empty', inst('A', 1, 'authentication {\n}')],
  [
    'auth ah unicast',
    inst('A', 1, 'authentication {\nauth_type AH\nauth_pass abc\n}', 'unicast_peer {\n192.0.2.77\n}'),
  ],
  ['auth v3', inst('A', 1, 'version 3', 'authentication {\nauth_type PASS\nauth_pass abc\n}')],
  ['vip other dev missing', inst('A', 1, 'virtual_ipaddress_excluded {\n192.0.2.5 dev nosuch\n}')],
  ['vip twice', inst('A', 1, 'virtual_ipaddress_excluded {\n192.0.2.1\n}')],
  ['vip twice same', inst('A', 1, 'virtual_ipaddress {\n192.0.2.1\n}')],
  ['vip prefix', inst('A', 1, 'virtual_ipaddress {\n192.0.2.8/33\n}')],
  ['vip brd bad', inst('A', 1, 'virtual_ipaddress {\n192.0.2.8/24 brd x\n}')],
  ['vip peer', inst('A', 1, 'virtual_ipaddress {\n192.0.2.8/24 peer 192.0.2.9\n}')],
  ['vip scope bad', inst('A', 1, 'virtual_ipaddress {\n192.0.2.8/24 scope nope\n}')],
  ['vip track_group', inst('A', 1, 'virtual_ipaddress {\n192.0.2.8/24 track_group g\n}')],
  ['vip preferred_lft', inst('A', 1, 'virtual_ipaddress {\n192.0.2.8/24 preferred_lft 0\n}')],
  ['vip home', inst('A', 1, 'virtual_ipaddress {\n2001:db8::8/64 home -nodad mngtmpaddr\n}')],
  [
    'static track_group',
    inst('A', 1) + `track_group g {\ngroup {\nA\n}\n}\nstatic_ipaddress {\n192.0.2.9 dev ${DEVICE} track_group g\n}\n`,
  ],
  ['static no dev', inst('A', 1) + 'static_ipaddress {\n192.0.2.9\n}\n'],
  ['static unknown group', inst('A', 1) + `static_ipaddress {\n192.0.2.9 dev ${DEVICE} track_group nosuch\n}\n`],
  ['track_group unknown', inst('A', 1) + 'track_group g {\ngroup {\nZ\n}\n}\n'],
  ['preempt both', inst('A', 1, 'nopreempt', 'preempt')],
  ['track own', inst('A', 1, `track_interface {\n${DEVICE}\n}`)],
  ['track own dont', inst('A', 1, 'dont_track_primary', `track_interface {\n${DEVICE}\n}`)],
  ['track weight 0', inst('A', 1, 'track_interface {\nlo weight 0\n}')],
  ['track weight bare', inst('A', 1, 'track_interface {\nlo weight\n}')],
  ['track reverse', inst('A', 1, 'track_interface {\nlo weight 3 reverse\n}')],
  [
    'track script weight big',
    'vrrp_script s {\nscript /bin/true\n}\n' + inst('A', 1, 'track_script {\ns weight 254\n}'),
  ],
  ['track script unused', 'vrrp_script s {\nscript /bin/true\n}\n' + inst('A', 1)],
  [
    'script dup',
    'vrrp_script s {\nscript /bin/true\n}\nvrrp_script s {\nscript /bin/false\n}\n' +
      inst('A', 1, 'track_script {\ns\n}'),
  ],
  ['script none', 'vrrp_script s {\n}\n' + inst('A', 1, 'track_script {\ns\n}')],
  [
    'script timeout>interval',
    'vrrp_script s {\nscript /bin/true\ninterval 1\ntimeout 5\n}\n' + inst('A', 1, 'track_script {\ns\n}'),
  ],
  ['file weight', 'track_file f {\nfile /tmp/f\nweight 2\n}\n' + inst('A', 1, 'track_file {\nf weight 3\n}')],
  ['file reuse', 'track_file f {\nfile /tmp/f\n}\n' + inst('A', 1, 'track_file {\nf\nf\n}')],
  ['process none', inst('A', 1, 'track_process {\np\n}')],
  ['process ok', 'vrrp_track_process p {\nprocess sh\n}\n' + inst('A', 1, 'track_process {\np\n}')],
  [
    'process quorum',
    'vrrp_track_process p {\nprocess sh\nquorum 3\nquorum_max 2\n}\n' + inst('A', 1, 'track_process {\np\n}'),
  ],
  ['bfd unknown', inst('A', 1, 'track_bfd {\nb\n}')],
  ['unicast self if', inst('A', 1, 'unicast_src_ip 192.0.2.200', 'unicast_peer {\n192.0.2.200\n}')],
  ['unicast dup', inst('A', 1, 'unicast_peer {\n192.0.2.200\n192.0.2.200\n}')],
  ['unicast opts', inst('A', 1, 'unicast_peer {\n192.0.2.200 min_ttl 10 max_ttl 5\n}')],
  ['unicast opts bad', inst('A', 1, 'unicast_peer {\n192.0.2.200 min_ttl 300\n}')],
  ['unicast mcast_dst', inst('A', 1, 'mcast_dst_ip 224.0.0.19', 'unicast_peer {\n192.0.2.200\n}')],
  [
    'unicast no if',
    raw(
      'A',
      'virtual_router_id 3',
      'unicast_src_ip 192.0.2.8',
      'unicast_peer {\n192.0.2.9\n}',
      `virtual_ipaddress {\n192.0.2.1 dev ${DEVICE}\n}`,
    ),
  ],
  ['vmac', inst('A', 1, 'use_vmac vrrp.1')],
  ['vmac twice', inst('A', 1, 'use_vmac vrrp.1') + inst('B', 2, 'use_vmac vrrp.1')],
  ['vmac long', inst('A', 1, 'use_vmac abcdefghijklmnopq')],
  ['vmac v6', inst('A', 1, 'use_vmac').replace('192.0.2.1', '2001:db8::1')],
  ['advert_int v2 frac', inst('A', 1, 'advert_int 0.5')],
  ['garp zero', inst('A', 1, 'garp_master_delay 0', 'garp_master_repeat 0')],
  ['garp group', `garp_group {\ngarp_interval 1\ninterfaces {\n${DEVICE}\n}\n}\n` + inst('A', 1)],
  ['garp group none', 'garp_group {\ninterface ${DEVICE}\n}\n' + inst('A', 1)],
  ['garp group empty', 'garp_group {\ngarp_interval 1\n}\n' + inst('A', 1)],
  ['linkbeat', `linkbeat_interfaces {\n${DEVICE}\n}\n` + inst('A', 1)],
  ['updown', `interface_up_down_delays {\n${DEVICE} 3\n}\n` + inst('A', 1)],
  ['updown bad', `interface_up_down_delays {\n${DEVICE}\n}\n` + inst('A', 1)],
  ['vs same twice', vs('192.0.2.1 80', rs('192.0.2.2 80')) + vs('192.0.2.1 80', rs('192.0.2.3 80'))],
  [
    'vs tcp and udp',
    vs('192.0.2.1 80', rs('192.0.2.2 80')) + vs('192.0.2.1 80', rs('192.0.2.3 80')).replace('TCP', 'UDP'),
  ],
  ['vs fwmark', vs('fwmark 3', rs('192.0.2.2')).replace('protocol TCP\n', '')],
  ['vs fwmark mixed', vs('fwmark 3', rs('192.0.2.2'), rs('2001:db8::1')).replace('protocol TCP\n', '')],
  ['vs mixed family NAT', vs('192.0.2.1 80', rs('2001:db8::2 80'))],
  ['vs mixed family TUN', vs('192.0.2.1 80', rs('2001:db8::2 80')).replace('NAT', 'TUN')],
  ['vs no port', vs('192.0.2.1', rs('192.0.2.2'))],
  ['vs no port pers', vs('192.0.2.1', 'persistence_timeout 5', rs('192.0.2.2'))],
  ['vs DR port', vs('192.0.2.1 80', rs('192.0.2.2 81')).replace('NAT', 'DR')],
  ['vs DR no port', vs('192.0.2.1 80', rs('192.0.2.2')).replace('NAT', 'DR')],
  ['vs NAT no port', vs('192.0.2.1 80', rs('192.0.2.2'))],
  ['vs sorry same', vs('192.0.2.1 80', 'sorry_server 192.0.2.2 80', rs('192.0.2.2 80'))],
  ['vs sorry no port', vs('192.0.2.1 80', 'sorry_server 192.0.2.9', rs('192.0.2.2 80'))],
  ['vs sorry v6', vs('192.0.2.1 80', 'sorry_server 2001:db8::9 80', rs('192.0.2.2 80'))],
  ['vs sorry twice', vs('192.0.2.1 80', 'sorry_server 192.0.2.8 80', 'sorry_server 192.0.2.9 80', rs('192.0.2.2 80'))],
  ['vs sorry fwmark', vs('fwmark 2', 'sorry_server 192.0.2.8 80', rs('192.0.2.2')).replace('protocol TCP\n', '')],
  ['vs quorum', vs('192.0.2.1 80', 'quorum 5', rs('192.0.2.2 80', 'weight 5'))],
  ['vs quorum dup scripts', vs('192.0.2.1 80', 'quorum_up /bin/true', 'quorum_up /bin/true', rs('192.0.2.2 80'))],
  ['rs notify dup', vs('192.0.2.1 80', rs('192.0.2.2 80', 'notify_up /bin/true', 'notify_up /bin/true'))],
  ['rs dup', vs('192.0.2.1 80', rs('192.0.2.2 80'), rs('192.0.2.2 80'))],
  ['rs two ports', vs('192.0.2.1 80', rs('192.0.2.2 80'), rs('192.0.2.2 81'))],
  ['rs thresholds', vs('192.0.2.1 80', rs('192.0.2.2 80', 'uthreshold 5', 'lthreshold 9'))],
  ['rs weight big', vs('192.0.2.1 80', rs('192.0.2.2 80', 'weight 70000'))],
  ['group ok', 'virtual_server_group g {\n192.0.2.1 80\n}\n' + vs('group g', rs('192.0.2.2 80'))],
  ['group later', vs('group g', rs('192.0.2.2 80')) + 'virtual_server_group g {\n192.0.2.1 80\n}\n'],
  ['group unknown', vs('group g', rs('192.0.2.2 80'))],
  [
    'group twice',
    'virtual_server_group g {\n192.0.2.1 80\n}\nvirtual_server_group g {\n192.0.2.3 80\n}\n' +
      vs('group g', rs('192.0.2.2 80')),
  ],
  [
    'group used twice',
    'virtual_server_group g {\n192.0.2.1 80\n}\n' +
      vs('group g', rs('192.0.2.2 80')) +
      vs('group g', rs('192.0.2.3 80')),
  ],
  [
    'group mixed fam',
    'virtual_server_group g {\n192.0.2.1 80\n2001:db8::1 80\n}\n' + vs('group g', rs('192.0.2.2 80')),
  ],
  [
    'group port differs DR',
    'virtual_server_group g {\n192.0.2.1 80\n}\n' + vs('group g', rs('192.0.2.2 81')).replace('NAT', 'DR'),
  ],
  ['group no port', 'virtual_server_group g {\n192.0.2.1\n}\n' + vs('group g', rs('192.0.2.2 80'))],
  [
    'group no port DR',
    'virtual_server_group g {\n192.0.2.1\n}\n' + vs('group g', rs('192.0.2.2 80')).replace('NAT', 'DR'),
  ],
  ['group fwmark', 'virtual_server_group g {\nfwmark 3\n}\n' + vs('group g', rs('192.0.2.2 80'))],
  ['group fwmark only no port', 'virtual_server_group g {\nfwmark 3\n}\n' + vs('group g', rs('192.0.2.2'))],
  ['group dup member', 'virtual_server_group g {\n192.0.2.1 80\n192.0.2.1 80\n}\n' + vs('group g', rs('192.0.2.2 80'))],
  ['group range', 'virtual_server_group g {\n192.0.2.1-9 80\n}\n' + vs('group g', rs('192.0.2.2 80'))],
  ['group range full', 'virtual_server_group g {\n192.0.2.1-192.0.2.9 80\n}\n' + vs('group g', rs('192.0.2.2 80'))],
  ['checker http no match', vs('192.0.2.1 80', rs('192.0.2.2 80', 'HTTP_GET {\nurl {\npath /\n}\n}'))],
  [
    'checker http1.1 no host',
    vs('192.0.2.1 80', rs('192.0.2.2 80', 'HTTP_GET {\nhttp_protocol 1.1\nurl {\npath /\n}\n}')),
  ],
  ['checker https sni', vs('192.0.2.1 80', rs('192.0.2.2 80', 'SSL_GET {\nenable_sni\nurl {\npath /\n}\n}'))],
  ['checker no port', vs('192.0.2.1', rs('192.0.2.2', 'TCP_CHECK {\n}'))],
  ['checker fwmark no port', vs('fwmark 3', rs('192.0.2.2', 'TCP_CHECK {\n}')).replace('protocol TCP\n', '')],
  ['checker dns', vs('192.0.2.1 53', rs('192.0.2.2 53', 'DNS_CHECK {\n}'))],
  ['checker misc none', vs('192.0.2.1 53', rs('192.0.2.2 53', 'MISC_CHECK {\nmisc_timeout 3\n}'))],
  ['checker misc missing', vs('192.0.2.1 53', rs('192.0.2.2 53', 'MISC_CHECK {\nmisc_path /nosuch\n}'))],
  [
    'checker udp lens',
    vs('192.0.2.1 53', rs('192.0.2.2 53', 'UDP_CHECK {\nmin_reply_length 9\nmax_reply_length 3\n}')),
  ],
  [
    'checker file',
    'track_file f {\nfile /tmp/f\n}\n' + vs('192.0.2.1 53', rs('192.0.2.2 53', 'FILE_CHECK {\ntrack_file f\n}')),
  ],
  ['checker bfd unknown', vs('192.0.2.1 53', rs('192.0.2.2 53', 'BFD_CHECK {\nname b\n}'))],
  ['checker smtp host', vs('192.0.2.1 25', rs('192.0.2.2 25', 'SMTP_CHECK {\nhost {\nconnect_ip 192.0.2.4\n}\n}'))],
  ['regex without', vs('192.0.2.1 80', rs('192.0.2.2 80', 'HTTP_GET {\nurl {\npath /\nregex_options caseless\n}\n}'))],
  ['regex bad', vs('192.0.2.1 80', rs('192.0.2.2 80', 'HTTP_GET {\nurl {\npath /\nregex "([a"\n}\n}'))],
  ['ssl', 'SSL {\npassword x\nca /x\ncertificate /x\nkey /x\n}\n' + vs('192.0.2.1 80', rs('192.0.2.2 80'))],
  ['two global_defs', 'global_defs {\nrouter_id X\n}\n' + inst('A', 1)],
  ['sync daemon', `global_defs {\nlvs_sync_daemon ${DEVICE} A\n}\n` + inst('A', 1)],
  [
    'sync daemon unknown inst',
    `global_defs {\nlvs_sync_daemon ${DEVICE} Z\n}\n` + inst('A', 1) + vs('192.0.2.1 80', rs('192.0.2.2 80')),
  ],
  [
    'email',
    'global_defs {\nnotification_email {\na@b.c\n}\nnotification_email_from x@y\nsmtp_server 127.0.0.1 25\n}\n' +
      inst('A', 1, 'smtp_alert'),
  ],
  ['alert without server', inst('A', 1, 'smtp_alert')],
  ['routes', inst('A', 1, 'virtual_routes {\n192.0.3.0/24 via 192.0.2.1\n}')],
  ['routes dev unknown', inst('A', 1, 'virtual_routes {\n192.0.3.0/24 dev nosuch\n}')],
  ['routes no dest', inst('A', 1, 'virtual_routes {\nvia 192.0.2.1\n}')],
  ['routes blackhole', inst('A', 1, 'virtual_routes {\nblackhole 192.0.3.0/24\n}')],
  ['routes or', inst('A', 1, 'virtual_routes {\n192.0.3.0/24 via 192.0.2.1 or 192.0.2.2\n}')],
  [
    'routes nexthop',
    inst('A', 1, 'virtual_routes {\n192.0.3.0/24 nexthop via 192.0.2.1 weight 2 nexthop via 192.0.2.2\n}'),
  ],
  ['routes mixed', inst('A', 1, 'virtual_routes {\n192.0.3.0/24 via 2001:db8::1\n}')],
  ['routes tos', inst('A', 1, `virtual_routes {\n192.0.3.0/24 dev ${DEVICE} tos 300\n}`)],
  ['routes scope', inst('A', 1, `virtual_routes {\n192.0.3.0/24 dev ${DEVICE} scope nosuch\n}`)],
  ['routes mtu lock', inst('A', 1, `virtual_routes {\n192.0.3.0/24 dev ${DEVICE} mtu lock 1400 realms 5/6\n}`)],
  ['rules', inst('A', 1, 'virtual_rules {\nfrom 192.0.3.0/24 table 100 priority 10\n}')],
  ['rules no table', inst('A', 1, 'virtual_rules {\nfrom 192.0.3.0/24 priority 10\n}')],
  ['rules goto', inst('A', 1, 'virtual_rules {\nfrom 192.0.3.0/24 goto 100 priority 200\n}')],
  ['rules uid', inst('A', 1, 'virtual_rules {\nuidrange 9-5 table 100 priority 200\n}')],
  ['rules fwmark', inst('A', 1, 'virtual_rules {\nfwmark 0x10/0xff table 100 priority 200\n}')],
  ['rules iif', inst('A', 1, 'virtual_rules {\niif nosuch table 100 priority 200\n}')],
];

describe.skipIf(why !== null)('keepalived 2.2.7 on words together', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keepalived-together-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(cases)('%s', (_what, text) => {
    const file = join(folder, 'keepalived.conf');
    writeFileSync(file, HEAD + text);
    const original = spawnSync('keepalived', ['-t', '-f', file], { timeout: 60_000, stdio: 'ignore' });
    const { diagnostics } = loadKeepalived(file, localOptions('keepalived-2.2', null));
    expect(exitCodeOf(diagnostics, 'keepalived-2.2')).toBe(original.status);
  });
});
