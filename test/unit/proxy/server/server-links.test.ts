/** Parts of making connections to servers that need no network. */
import { describe, expect, it } from 'vitest';
import { defaultServerLink, type ProxyHeaderConf, type ServerLink } from '../../../../src/config/server-link.ts';
import { encodeRedirect } from '../../../../src/proxy/http/server-redirect.ts';
import { asksForConnection } from '../../../../src/proxy/http/tied-authentication.ts';
import { SessionRecord } from '../../../../src/proxy/log/record.ts';
import { BufferPool, type PooledBuffer } from '../../../../src/proxy/loop/buffers.ts';
import { ConnectionSamples } from '../../../../src/proxy/server/connection-samples.ts';
import { Connector } from '../../../../src/proxy/server/connector.ts';
import { encodeHeader } from '../../../../src/proxy/server/proxy-header.ts';
import type { SessionOrigin } from '../../../../src/proxy/server/session-origin.ts';
import { findListed } from '../../../../src/proxy/server/source-binding.ts';
import { parseResponseHead } from '../../../../src/wire/http1.ts';
import { Head } from '../../../../src/wire/http1-head.ts';
import { makeProxy, makeServer } from '../configuration.ts';
import { expressionOf, formatOf, makeWorld } from '../sample/evaluation.ts';

const pool = new BufferPool(4096);

function hold(text: string): PooledBuffer {
  const buffer = pool.take();
  // Not at the front: offsets must count from where the request begins.
  buffer.start = 7;
  buffer.end = 7;
  const bytes = Buffer.from(text, 'latin1');
  buffer.append(bytes, 0, bytes.length);
  return buffer;
}

describe('findListed', () => {
  const request = hold(
    'GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.1, 192.0.2.2\r\nX-Forwarded-For:192.0.2.3\r\n\r\n',
  );

  it.each([
    [-1, '192.0.2.3'],
    [-2, '192.0.2.2'],
    [-3, '192.0.2.1'],
    [-4, null],
    [1, '192.0.2.1'],
    [3, '192.0.2.3'],
    [4, null],
  ])('finds occurrence %i', (occurrence, item) => {
    expect(findListed(request, 'X-Forwarded-For', occurrence)).toBe(item);
  });

  it('finds nothing in other fields', () => {
    expect(findListed(request, 'x-real-ip', -1)).toBeNull();
  });
});

describe('encodeRedirect', () => {
  it.each([
    ['GET /a?b=c HTTP/1.1', '/a?b=c'],
    ['HEAD http://host.example:81/x HTTP/1.1', '/x'],
    ['GET http://host.example HTTP/1.1', ''],
  ])('%s', (line, path) => {
    const answer = Buffer.from(encodeRedirect('http://other', hold(`${line}\r\nhost: a\r\n\r\n`))).toString('latin1');
    expect(answer).toContain(`\r\nlocation: http://other${path}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 302 Found\r\n.*connection: close\r\n\r\n$/s);
  });
});

describe('asksForConnection', () => {
  it.each([
    [401, 'WWW-Authenticate: NTLM abc', true],
    [401, 'www-authenticate: negotiate', true],
    [407, 'Proxy-Authenticate: Nego2', true],
    [407, 'WWW-Authenticate: NTLM', false],
    [401, 'WWW-Authenticate: Basic realm="NTLM"', false],
    [200, 'WWW-Authenticate: NTLM', false],
    [401, 'WWW-Authenticate: Basic\r\nWWW-Authenticate: NTLM', true],
    [401, 'WWW-Authenticate: NT', false],
  ])('%i %s', (status, fields, expected) => {
    const bytes = Buffer.from(`HTTP/1.1 ${status} X\r\n${fields}\r\nContent-Length: 0\r\n\r\n`, 'latin1');
    const head = new Head(20);
    expect(parseResponseHead(bytes, 0, bytes.length, head)).toBe(bytes.length);
    expect(asksForConnection(bytes, head)).toBe(expected);
  });
});

/** A session of a client that a PROXY header told of. */
function originOf(port: number): SessionOrigin {
  const destination = { address: Uint8Array.of(198, 51, 100, 2), port: 80 };
  const address = { family: 4, host: '192.0.2.1', port, preamble: { destination } };
  const describe = () => Object.assign(new SessionRecord(), { clientHost: address.host, clientPort: port });
  return { address, client: { fd: -1 }, requestBytes: null, uniqueId: 'id', mostConnections: 5, describe } as never;
}

describe('encodeHeader', () => {
  const encode = (conf: ProxyHeaderConf) => Buffer.from(encodeHeader(conf, originOf(40000)));

  it('writes version 1 as a line', () => {
    expect(encode({ version: 1, options: [] }).toString()).toBe('PROXY TCP4 192.0.2.1 198.51.100.2 40000 80\r\n');
  });

  it('writes what the options ask for', () => {
    expect(encode({ version: 2, options: [] }).length).toBe(28);
    expect(
      encode({ version: 2, options: ['unique-id'] })
        .subarray(28)
        .toString('hex'),
    ).toBe('0500026964');
    expect(
      encode({ version: 2, options: ['ssl'] })
        .subarray(28)
        .toString('hex'),
    ).toBe('2000050000000000');
    expect(
      encode({ version: 2, options: ['crc32c'] })
        .subarray(28, 31)
        .toString('hex'),
    ).toBe('030004');
  });
});

describe('ConnectionSamples', () => {
  const fieldsOf = (formats: readonly string[], tuneBufsize = 16384) => {
    const proxyFields = formats.map((text, i) => ({ type: i + 1, format: formatOf(text) }));
    const world = makeWorld();
    const bounded = { ...world, global: { ...world.global, tuneBufsize } };
    const samples = ConnectionSamples.of({ ...defaultServerLink, proxyFields }, bounded, makeProxy())!;
    return samples.makeFields(originOf(4711)).map(({ type, value }) => [type, Buffer.from(value).toString('latin1')]);
  };

  it('makes fields of formats, without dashes for what is missing', () => {
    expect(fieldsOf(['%ci:%cp', '%ID', '%[req.hdr(none)]x', '%[str(gP8=),b64dec]'])).toEqual([
      [1, '192.0.2.1:4711'],
      [2, 'id'],
      [3, 'x'],
      [4, '\x80\xff'],
    ]);
  });

  it('leaves out what does not fit, and goes on', () => {
    const long = 'x'.repeat(600);
    expect(fieldsOf([long, 'a', long], 1200).map(([type]) => type)).toEqual([1, 2]);
  });

  it('is not there where nothing asks for it', () => {
    expect(ConnectionSamples.of(defaultServerLink, makeWorld(), makeProxy())).toBeNull();
  });
});

describe('Connector', () => {
  function connectorOf(
    link: Partial<ServerLink>,
    address: { host?: string; port?: number; portOffset?: boolean } = {},
  ) {
    const at = { kind: 'ip', host: '127.0.0.1', port: 80, portOffset: false, family: 4, ...address } as const;
    const conf = makeServer(1, { address: at, link: { ...defaultServerLink, ...link } });
    return Connector.of(conf, makeProxy(), 0);
  }

  it('is not there for a name without an address', () => {
    expect(connectorOf({}, { host: 'example.com' })).toBeNull();
  });

  it('tells connections apart where they differ from client to client', () => {
    const plain = connectorOf({})!;
    expect([plain.isKeyed, plain.isPrivate, plain.viaSocks4]).toEqual([false, false, false]);
    const header = connectorOf({ proxyHeader: { version: 1, options: [] } })!;
    expect([header.isKeyed, header.isPrivate]).toEqual([true, false]);
    expect(header.keyFor(originOf(1), 80)).toBe(header.keyFor(originOf(1), 80));
    expect(header.keyFor(originOf(1), 80)).not.toBe(header.keyFor(originOf(2), 80));
    const offset = connectorOf({}, { port: 1000, portOffset: true })!;
    expect(offset.keyFor(originOf(1), 80)).toBe(offset.keyFor(originOf(2), 80));
    expect(offset.keyFor(originOf(1), 80)).not.toBe(offset.keyFor(originOf(1), 81));
  });

  it('tells connections apart by the names that an expression gives them', () => {
    const connector = connectorOf({ connectionName: expressionOf('src_port') })!;
    connector.samples = ConnectionSamples.of(
      { ...defaultServerLink, connectionName: expressionOf('src_port') },
      makeWorld(),
      makeProxy(),
    );
    expect([connector.isKeyed, connector.isShareable, connector.isPrivate]).toEqual([true, false, false]);
    expect(connector.keyFor(originOf(1), 80)).toBe(connector.keyFor(originOf(1), 80));
    expect(connector.keyFor(originOf(1), 80)).not.toBe(connector.keyFor(originOf(2), 80));
  });

  it('keeps connections with an address of the client for that client', () => {
    const source = { host: null, firstPort: 0, lastPort: 0, interface: null, useSource: { kind: 'clientip' } } as const;
    expect(connectorOf({ source })!.isPrivate).toBe(true);
    const fixed = { ...source, useSource: { kind: 'address', host: '192.0.2.9', port: 0 } } as const;
    expect(connectorOf({ source: fixed })!.isPrivate).toBe(false);
  });

  it('asks a SOCKS4 proxy for the address that the client wanted', () => {
    const connector = connectorOf({ socks4: { host: '127.0.0.1', port: 1080 } }, { port: -20, portOffset: true })!;
    const request = Buffer.from(connector.encodeSocksRequest(originOf(1), 8100)!);
    expect(request.subarray(2, 8).toString('hex')).toBe('1f907f000001');
    const inet6 = connectorOf({ socks4: { host: '127.0.0.1', port: 1080 } }, { host: '::1' })!;
    expect(inet6.encodeSocksRequest(originOf(1), 80)).toBeNull();
  });
});
