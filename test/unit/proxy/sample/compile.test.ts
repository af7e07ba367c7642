import { describe, expect, it } from 'vitest';
import { CARRIED_CONVERTERS, CARRIED_FETCHES } from '../../../../src/config/carried-samples.ts';
import { resolveSample } from '../../../../src/config/resolve-log-format.ts';
import { SessionRecord } from '../../../../src/proxy/log/record.ts';
import { converterTable, fetchTable } from '../../../../src/proxy/sample/compile.ts';
import { diagnosed, recordOf, textOf } from './evaluation.ts';

describe('the tables', () => {
  it('are those that the configuration knows of', () => {
    expect(Object.keys(fetchTable).sort()).toEqual([...CARRIED_FETCHES].sort());
    expect(Object.keys(converterTable).sort()).toEqual([...CARRIED_CONVERTERS].sort());
  });

  it('warn about what they do not have', () => {
    const { value, diagnostics } = diagnosed('src,map(/etc/hosts)');
    resolveSample(value, { keyword: 'log-format', diagnostics });
    expect(diagnostics.list.map((d) => d.message)).toEqual([
      "'map' in 'log-format' is accepted but not carried out: it has no value.",
    ]);
  });
});

describe('converters', () => {
  const cases: readonly (readonly [expression: string, value: string | null])[] = [
    ['str(AbC),lower', 'abc'],
    ['str(AbC),upper', 'ABC'],
    ['str(abc),length', '3'],
    ['str("f1_f2_f3__f5"),field(4,_)', ''],
    ['str("f1_f2_f3__f5"),field(5,_)', 'f5'],
    ['str("f1_f2_f3__f5"),field(2,_,0)', 'f2_f3__f5'],
    ['str("f1_f2_f3__f5"),field(2,_,2)', 'f2_f3'],
    ['str("f1_f2_f3__f5"),field(-2,_,3)', 'f2_f3_'],
    ['str("f1_f2_f3__f5"),field(-3,_,0)', 'f1_f2_f3'],
    ['str("w1_w2_w3___w4"),word(4,_)', 'w4'],
    ['str("w1_w2_w3___w4"),word(5,_)', ''],
    ['str("w1_w2_w3___w4"),word(2,_,0)', 'w2_w3___w4'],
    ['str("w1_w2_w3___w4"),word(3,_,2)', 'w3___w4'],
    ['str("w1_w2_w3___w4"),word(-2,_,3)', 'w1_w2_w3'],
    ['str("w1_w2_w3___w4"),word(-3,_,0)', 'w1_w2'],
    ['str(" ab "),ltrim(" ")', 'ab '],
    ['str(" ab "),rtrim(" ")', ' ab'],
    ['str(a),concat(b,,c)', 'abc'],
    ['str(abcdef),bytes(2,3)', 'cde'],
    ['bin(616263),bytes(1)', 'bc'],
    ['str(abc),hex', '616263'],
    ['str(ff),hex2i', '255'],
    ['str(abc),base64', 'YWJj'],
    ['str(YWJj),b64dec,hex', '616263'],
    ['str("a%20b+c?d+e"),url_dec', 'a b+c?d e'],
    ['str("a%20b+c"),url_dec(1)', 'a b c'],
    ['str("a%2"),url_dec', null],
    ['str("a b/ö"),url_enc', 'a%20b%2F%F6'],
    ['str("say \\"hi\\"/"),json', 'say \\"hi\\"\\/'],
    ['str(aXbXc),regsub(X,-)', 'a-bXc'],
    ['str(aXbXc),regsub(x,-,gi)', 'a-b-c'],
    ['str(2001:db8::1),ipmask(24,32)', '2001:db8::'],
    ['str(10.1.2.3),ipmask(24)', '10.1.2.0'],
    ['int(0),utime("%Y-%m-%dT%H:%M:%S")', '1970-01-01T00:00:00'],
    ['int(784111777),http_date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['int(7),add(3),mul(2),sub(1),div(2),mod(5)', '4'],
    ['int(12),and(10),or(1),xor(3)', '10'],
    ['int(5),neg,cpl', '4'],
    ['int(5),odd', '1'],
    ['int(5),even', '0'],
    ['int(0),not', '1'],
    ['bool(true),iif(yes,no)', 'yes'],
    ['int(1),div(0)', '9223372036854775807'],
    ['str(123456789),crc32', '3421780262'],
    ['str(123456789),crc32c', '3808858755'],
    ['str(abc),xxh32', '852579327'],
    ['str(abc),xxh32(7)', '1473238068'],
    ['str(0123456789abcdef0123),xxh32', '1666225742'],
    ['str(abc),sha1,hex', 'A9993E364706816ABA3E25717850C26C9CD0D89D'],
    ['str("www.example.com:80"),host_only', 'www.example.com'],
    ['str("[::1]:80"),port_only', '80'],
    ['str("a.b.c"),reverse_dom', 'c.b.a'],
    ['str(abc),add(1)', '1'],
    ['str(12x),add(1)', '13'],
    ['str(),add(1)', null],
    ['ipv4(1.2.3.4),add(0)', '16909060'],
    ['int(16909060),ipmask(16)', '1.2.0.0'],
    ['bin(00ff),be2dec(:,1)', '0:255'],
    ['bin(00ff01),be2hex(-,2,1)', '00FF'],
  ];
  for (const [expression, value] of cases) {
    it(expression, () => expect(textOf(expression)).toBe(value));
  }
});

describe('fetches of a message', () => {
  const record = recordOf(
    'GET http://www.a/a/b?x=1&y=&x=2;z=3 HTTP/1.1\r\nHost: www.a\r\nA: 1, "2,3" ,4\r\na: 5\r\nCookie: k=v; l="w"; k=u\r\nN: 12 \r\nF: [2001:db8::1]:80\r\n\r\n',
    'HTTP/1.0 404 No\r\nSet-Cookie: s=1; Path=/\r\nSet-Cookie: t=2\r\nX: a\r\n\r\n',
  );
  record.status = 404;
  const cases: readonly (readonly [expression: string, value: string | null])[] = [
    ['method', 'GET'],
    ['url', 'http://www.a/a/b?x=1&y=&x=2;z=3'],
    ['path', '/a/b'],
    ['pathq', '/a/b?x=1&y=&x=2;z=3'],
    ['query', 'x=1&y=&x=2;z=3'],
    ['base', 'www.a/a/b'],
    ['urlp(x)', '1'],
    ['urlp(y)', ''],
    ['urlp(z)', '3'],
    ['urlp(q)', null],
    ['urlp_val(z),add(1)', '4'],
    ['req.ver', '1.1'],
    ['req.hdr(a)', '5'],
    ['req.hdr(a,1)', '1'],
    ['req.hdr(a,2)', '"2,3"'],
    ['req.hdr(a,-2)', '4'],
    ['req.fhdr(a,1)', '1, "2,3" ,4'],
    ['req.hdr_cnt(A)', '4'],
    ['req.fhdr_cnt(A)', '2'],
    ['req.hdr_val(n)', '12'],
    ['req.hdr_ip(f)', '2001:db8::1'],
    ['req.hdr(zork)', null],
    ['req.hdr_names', 'host,a,a,cookie,n,f'],
    ['req.cook(l)', 'w'],
    ['req.cook_cnt(k)', '2'],
    ['status', '404'],
    ['res.ver', '1.0'],
    ['res.hdr(x)', 'a'],
    ['res.cook(s)', '1'],
    ['res.cook(t)', '2'],
  ];
  for (const [expression, value] of cases) {
    it(expression, () => expect(textOf(expression, record)).toBe(value));
  }

  it('have no value when the head is not at hand', () => {
    for (const expression of ['path', 'req.hdr(a)', 'req.cook(k)', 'res.hdr(x)', 'urlp(x)', 'base']) {
      expect(textOf(expression, new SessionRecord())).toBeNull();
    }
  });
});

describe('fetches of a session', () => {
  it('read the record', () => {
    const record = new SessionRecord();
    record.clientHost = '10.1.2.3';
    record.clientPort = 4000;
    record.frontend = 'web';
    record.request = 'POST /p?q HTTP/1.1';
    record.requestHeaders = ['a', null];
    record.requestMs = 3;
    record.idleMs = 4;
    record.mode = 'http';
    expect(textOf('src', record)).toBe('10.1.2.3');
    expect(textOf('src,ipmask(16)', record)).toBe('10.1.0.0');
    expect(textOf('src_port', record)).toBe('4000');
    expect(textOf('fe_name', record)).toBe('web');
    expect(textOf('capture.req.uri', record)).toBe('/p?q');
    expect(textOf('capture.req.hdr(0)', record)).toBe('a');
    expect(textOf('capture.req.hdr(1)', record)).toBeNull();
    expect(textOf('req.timer.tq', record)).toBe('7');
    expect(textOf('res.timer.hdr', record)).toBeNull();
  });

  it('have no address for a UNIX socket', () => {
    const record = new SessionRecord();
    record.clientHost = 'unix';
    record.clientFamily = 'unix';
    expect(textOf('src', record)).toBeNull();
    expect(textOf('src_port', record)).toBeNull();
  });
});
