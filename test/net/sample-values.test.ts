/**
 * Values of sample expressions beside the real HAProxy: constants through every converter, and what a session knows.
 * Each is an item of a log format, a few on a line.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';

const EXPRESSIONS = [
  'str(a),concat',
  'str("a,b"),json(utf8)',
  'str(aXbXc),regsub("(X)(.)","[\\2\\1]",g)',
  'str("a/b/c"),regsub(/,_,g)',
  'str(10.1.2.3),ipmask(255.255.0.0)',
  'str(foo),ipmask(24)',
  'str(-5),add(0)',
  'str(+5),add(0)',
  'str(" 5"),add(0)',
  'str(0x10),add(0)',
  'int(10),div(3)',
  'int(-10),div(3)',
  'int(-10),mod(3)',
  'int(10),mod(0)',
  'int(-1),and(255)',
  'int(1),xor(-1)',
  'int(0),cpl',
  'int(9223372036854775807),add(1)',
  'str(abc),word(1,a)',
  'str(abc),field(1,a)',
  'str("a b c"),word(2," ")',
  'str(abc),djb2',
  'str(abc),sdbm',
  'str(abc),wt6',
  'str(abc),crc32(1)',
  'str(abc),sdbm(1)',
  'str(abc),bytes(5)',
  'str(abc),bytes(1,9)',
  'str(abc),bytes(0,0)',
  'str(abc),hex2i',
  'str(12zz),hex2i',
  'str(abc),b64dec',
  'str(!!!),b64dec',
  'str(YWJj),ub64dec',
  'str("ab?>"),ub64enc',
  'str(abc),sha2(256),hex',
  'str(abc),sha2,hex',
  'str(abc),digest(md5),hex',
  'str(abc),hmac(sha1,a2V5),hex',
  'bool(true)',
  'bool(true),add(1)',
  'int(5),bool',
  'src',
  'src,add(0)',
  'src,hex',
  'ipv6(::1),hex',
  'ipv6(::ffff:1.2.3.4)',
  'src_port,mul(0)',
  'dst',
  'fe_name',
  'be_name',
  'srv_name',
  'method',
  'capture.req.method',
  'capture.req.uri',
  'capture.req.ver',
  'http_first_req',
  'fc_err',
  'fc_err_str',
  'ssl_fc',
  'ssl_fc_err',
  'ssl_c_err',
  'ssl_fc_sni',
  'ssl_fc_is_resumed',
  'ssl_fc_has_sni',
  'ssl_c_used',
  'bc_src',
  'bc_dst',
  'fe_conn',
  'nbproc',
  'proc',
  'unique-id',
  'always_true',
  'str(x),iif(a,b)',
  'int(2),iif(a,b)',
  'bool(0),iif(a,b)',
  'meth(GET)',
  'meth(FOO)',
  'bin(616263)',
  'bin(00ff),hex',
  'env(HOME)',
  'int(1700000000),utime("%a %b %d %j %U %W %w %u %I %p %Z %z %s %e %y %C %D %F %R %T %c %x %X %%")',
  'int(1700000000),ltime("%H:%M",3600)',
  'int(1700000000),http_date(60)',
  'int(1700000000),http_date(60,ms)',
  'int(1700000000123),http_date(0,ms)',
  'str(abc),length,add(1)',
  'str("a=1;b=2"),field(2,"=;")',
  'str(a%zzb),url_dec',
  'str("a b&c=d/e"),url_enc',
  'str(),length',
  'str()',
  'str(abc),ltrim(abc)',
  'str("[::1]"),host_only',
  'str("::1"),host_only',
  'str("a:b"),port_only',
  'str("[::1]:9"),host_only',
  'str("a:"),host_only',
  'int(258),htonl,hex',
  'dst_conn',
  'fe_client_timeout',
  'be_server_timeout',
  'be_tunnel_timeout',
];
/** Expressions of one frontend's line; none of their values holds the mark between them. */
const A_LINE = 20;
const MARK = '~';

const groups = Array.from({ length: Math.ceil(EXPRESSIONS.length / A_LINE) }, (_, i) => {
  return EXPRESSIONS.slice(i * A_LINE, (i + 1) * A_LINE);
});

function configure(ports: readonly number[], originPort: number, logPort: number): string {
  const frontends = groups.map((group, i) => {
    const items = group.map((expression) => `%[${expression}]`).join(MARK);
    const format = items.replace(/[\\"$]/g, '\\$&');
    return `frontend f${i}\n  bind 127.0.0.1:${ports[i]}\n  log-format "${i}:${format}"\n  default_backend b`;
  });
  return `
defaults
  mode http
  log 127.0.0.1:${logPort} len 65535 format raw local0
  timeout connect 1s
  timeout client 1s
  timeout server 1s
${frontends.join('\n')}
backend b
  server s 127.0.0.1:${originPort}
`;
}

describeNet('sample expressions beside the real HAProxy', { build: true, binaries: ['haproxy'] }, () => {
  const values: Record<'original' | 'ours', string[]> = { original: [], ours: [] };
  const running: { proxy: RunningProxy; syslog: SyslogReceiver }[] = [];
  let origin: Origin;

  async function valuesOf(which: 'original' | 'ours'): Promise<string[]> {
    const ports = await freePorts(groups.length);
    const syslog = await receiveSyslog();
    const proxy = await startProxy(which, configure(ports, origin.port, syslog.port), ports[0]!);
    running.push({ proxy, syslog });
    const all: string[] = [];
    for (const [i, group] of groups.entries()) {
      const from = syslog.lines().length;
      await exchange(ports[i]!, 'GET /p?q=1 HTTP/1.1\r\nHost: a\r\n\r\n', { enough: (text) => text.endsWith('ok') });
      const line = await syslog.waitFor(new RegExp(`^${i}:(?!.*BADREQ).*127|^${i}:`), { from });
      const found = line.slice(line.indexOf(':') + 1).split(MARK);
      expect(found).toHaveLength(group.length);
      all.push(...found);
    }
    return all;
  }

  beforeAll(async () => {
    origin = await startOrigin();
    values.original = await valuesOf('original');
    values.ours = await valuesOf('ours');
  });

  afterAll(async () => {
    for (const { proxy, syslog } of running) {
      await proxy.stop();
      await syslog.close();
    }
    await origin.close();
  });

  for (const [i, expression] of EXPRESSIONS.entries()) {
    it(expression, () => {
      expect(values.original[i]).toBeDefined();
      expect(values.ours[i]).toBe(values.original[i]);
    });
  }
});
