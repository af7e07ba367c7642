import { describe, expect, it } from 'vitest';
import type { ForwardedConf } from '../../../../src/config/forwarded.ts';
import { nodeText, prepareForwarded } from '../../../../src/proxy/http/forwarded.ts';
import type { SessionRecord } from '../../../../src/proxy/log/record.ts';
import { expressionOf, home, makeWorld, recordOf } from '../sample/evaluation.ts';

const nothing: ForwardedConf = { proto: false, host: null, by: null, byPort: null, for: null, forPort: null };
const world = makeWorld();

function built(conf: Partial<ForwardedConf>, change: (r: SessionRecord) => void = () => {}): string {
  const record = recordOf('GET / HTTP/1.1\r\nHost: example.com:81\r\n\r\n');
  Object.assign(record, { clientHost: '10.1.2.3', clientPort: 4711, localHost: '10.9.9.9', localPort: 80 });
  change(record);
  return prepareForwarded({ ...nothing, ...conf }, world, home)!.build(record);
}

const byIpv6 = (r: SessionRecord) => {
  r.clientHost = '2001:db8::1';
  r.clientFamily = 6;
};
const byUnix = (r: SessionRecord) => {
  r.clientHost = 'unix';
  r.clientFamily = 'unix';
};

describe('the Forwarded field', () => {
  it('tells protocol and client in this order', () => {
    expect(built({ proto: true, for: 'own' })).toBe('proto=http;for=10.1.2.3');
  });

  it('tells everything else in the order of the manual', () => {
    const conf: Partial<ForwardedConf> = { host: 'own', by: 'own', byPort: 'own', for: 'own', forPort: 'own' };
    expect(built(conf)).toBe('host="example.com:81";by="10.9.9.9:80";for="10.1.2.3:4711"');
  });

  it('writes IPv6 addresses in brackets and quotes', () => {
    expect(built({ for: 'own' }, byIpv6)).toBe('for="[2001:db8::1]"');
    expect(built({ for: 'own', forPort: 'own' }, byIpv6)).toBe('for="[2001:db8::1]:4711"');
  });

  it('does not know the clients of UNIX sockets', () => {
    expect(built({ for: 'own', forPort: 'own' }, byUnix)).toBe('for=unknown');
  });

  it('makes identifiers of what expressions give', () => {
    const hashed = { for: expressionOf('src,xxh32,hex'), forPort: 'own' } as const;
    expect(built(hashed)).toMatch(/^for="_[0-9A-F]{16}:4711"$/);
    expect(built({ by: expressionOf('str(_haproxy)') })).toBe('by=_haproxy');
    expect(built({ by: expressionOf('str(me)'), byPort: expressionOf('int(10)') })).toBe('by="_me:10"');
    expect(built({ for: expressionOf('src') }, byIpv6)).toBe('for="[2001:db8::1]"');
    expect(built({ for: expressionOf('req.hdr(none)'), forPort: expressionOf('str(a b)') })).toBe('for=unknown');
  });

  it('leaves out a host that is not there, and ports without their node', () => {
    const bare = (r: SessionRecord) => Object.assign(r, { requestHead: null });
    expect(built({ host: 'own' }, bare)).toBe('');
    expect(built({ forPort: 'own', byPort: 'own' })).toBe('');
  });

  it('keeps what is quoted from ending its quotes', () => {
    expect(built({ host: expressionOf('str(YSJi),b64dec') })).toBe('host="a\\"b"');
  });
});

it('lets nothing into the field that would end it', () => {
  const injected = expressionOf('str(a%0d%0aX-Admin:%201),url_dec');
  expect(built({ proto: true, host: injected, by: injected, byPort: injected })).toBe('proto=http;by=unknown');
});

describe('nodes of the Forwarded field', () => {
  const cases: readonly (readonly [string | null, string | null, string])[] = [
    ['unknown', null, 'unknown'],
    ['1.2.3.4', '65535', '"1.2.3.4:65535"'],
    ['1.2.3.4', '65536', '"1.2.3.4:_65536"'],
    ['1.2.3.999', null, '_1.2.3.999'],
    ['[::1]', null, '"[::1]"'],
    ['::zz', null, 'unknown'],
    ['a;b', '1', '"unknown:1"'],
    ['_', null, '__'],
  ];
  for (const [node, port, wanted] of cases) {
    it(`${node} and ${port}`, () => expect(nodeText(node, port)).toBe(wanted));
  }
});
