import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { encodeAddress } from '../../../../src/os/address.ts';
import { addressOfSide, ClientAddress, destinationOf } from '../../../../src/proxy/listener/client-address.ts';

function addressOf(host: string, port: number): ClientAddress {
  const bytes = new Uint8Array(128);
  bytes.set(encodeAddress({ family: host.includes(':') ? 6 : 4, host, port }));
  return new ClientAddress(new DataView(bytes.buffer));
}

const own = addressOf('127.0.0.1', 9);
const preamble = { acceptedAt: 0, acceptedAtMs: 0, handshakeMs: 0, own, isProxy: true, tlvs: [] };

describe('ClientAddress', () => {
  it.each([
    ['192.0.2.1', [192, 0, 2, 1]],
    ['255.255.255.255', [255, 255, 255, 255]],
    ['2001:db8::1', [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  ])('gives %s as text and as bytes', (host, bytes) => {
    const address = addressOf(host, 40000);
    expect([address.host, address.port]).toEqual([host, 40000]);
    expect([...address.bytes]).toEqual(bytes);
  });

  it('is the same when a header tells it', () => {
    for (const host of ['192.0.2.1', '2001:db8::1']) {
      const own = addressOf(host, 40000);
      const told = addressOfSide({ address: own.bytes, port: 40000 });
      expect([told.host, told.port, told.family, told.key]).toEqual([own.host, own.port, own.family, own.key]);
    }
  });

  it('does not keep what the one before it had', () => {
    addressOfSide({ address: new Uint8Array(16).fill(255), port: 1 });
    expect(addressOfSide({ address: Uint8Array.of(1, 2, 3, 4), port: 2 }).host).toBe('1.2.3.4');
  });
});

describe('where a client connected to', () => {
  it('is what a header told', () => {
    const address = addressOf('192.0.2.1', 1);
    address.preamble = { ...preamble, destination: { address: Uint8Array.of(198, 51, 100, 2), port: 81 } };
    expect(destinationOf(address, -1)).toEqual({ family: 4, host: '198.51.100.2', port: 81 });
  });

  it('is the address of the socket otherwise', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const accepted = new Promise<number>((resolve) =>
      server.once('connection', (socket) => resolve((socket as unknown as { _handle: { fd: number } })._handle.fd)),
    );
    const client = connect(port, '127.0.0.1');
    const fd = await accepted;
    const address = addressOf('192.0.2.1', 1);
    expect(destinationOf(address, fd)).toEqual({ family: 4, host: '127.0.0.1', port });
    address.preamble = { ...preamble, destination: null };
    expect(destinationOf(address, fd)).toEqual({ family: 4, host: '127.0.0.1', port });
    expect(destinationOf(address, -1)).toBeNull();
    client.destroy();
    server.close();
  });
});
