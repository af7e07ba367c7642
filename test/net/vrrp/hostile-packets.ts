/** Adverts that would depose the master of these tests, were it not for the one thing that is wrong with each. */
import { packInet4 } from '../../../src/os/address.ts';
import { checksum, encodeIpv4 } from '../../../src/wire/ipv4.ts';
import { type Advert, encodeAdvert } from '../../../src/wire/vrrp.ts';

const vip = '10.90.0.100';

interface PacketChange {
  readonly ttl?: number;
  readonly protocol?: number;
  readonly source?: string;
  readonly destination?: string;
  readonly advert?: Partial<Advert>;
  /** Changes the message after it was encoded; the checksum is put right again unless `rawChecksum`. */
  readonly edit?: (message: Uint8Array) => Uint8Array | undefined;
  readonly rawChecksum?: boolean;
}

/** An advert that would depose the master of these tests, with one thing changed. */
export function packet(change: PacketChange): Uint8Array {
  const source = packInet4(change.source ?? '10.90.0.3');
  const destination = packInet4(change.destination ?? '224.0.0.18');
  const base: Advert = {
    version: 2,
    vrid: 51,
    priority: 200,
    intervalCs: 100,
    addresses: [packInet4(vip)],
    password: Buffer.from('secret'),
  };
  const encoded = encodeAdvert({ ...base, ...change.advert }, { source, destination });
  const message = change.edit?.(encoded) ?? encoded;
  if (change.edit && !change.rawChecksum && message.length >= 8) {
    message.fill(0, 6, 8);
    new DataView(message.buffer).setUint16(6, checksum([message]));
  }
  const header = { tos: 0xc0, identification: 1, ttl: change.ttl ?? 255, protocol: change.protocol ?? 112 };
  return encodeIpv4({ ...header, source, destination }, message);
}

export function hostilePackets(): Uint8Array[] {
  const longer = (message: Uint8Array, by: number): Uint8Array => Uint8Array.from([...message, ...new Uint8Array(by)]);
  const changes: PacketChange[] = [
    { ttl: 254 },
    { ttl: 1 },
    { edit: (m) => void (m[7]! ^= 255), rawChecksum: true },
    { edit: (m) => void m.fill(0, 6, 8), rawChecksum: true },
    { advert: { vrid: 52 } },
    { advert: { vrid: 0 } },
    { advert: { password: null } },
    { advert: { password: Buffer.from('Secret') } },
    { advert: { password: Buffer.from('secret1') } },
    { edit: (m) => void (m[4] = 2) },
    { advert: { version: 3, password: null } },
    { edit: (m) => void (m[0] = 0x21 + 0x20) },
    { edit: (m) => void (m[0] = 0x22) },
    { edit: (m) => void (m[0] = 0) },
    { advert: { intervalCs: 300 } },
    { advert: { intervalCs: 0 } },
    { edit: (m) => m.slice(0, 0) },
    { edit: (m) => m.slice(0, 1) },
    { edit: (m) => m.slice(0, 7) },
    { edit: (m) => m.slice(0, 8) },
    { edit: (m) => m.slice(0, 19) },
    { edit: (m) => longer(m, 1) },
    { edit: (m) => longer(m, 4) },
    { edit: (m) => longer(m, 1400) },
    { edit: (m) => void (m[3] = 0) },
    { edit: (m) => void (m[3] = 2) },
    { edit: (m) => void (m[3] = 255) },
    { advert: { addresses: [packInet4(vip), packInet4('10.90.0.101')] } },
    { advert: { addresses: [packInet4('10.90.0.101')] } },
    { advert: { addresses: [] } },
    { source: '10.90.0.1' },
    { destination: '10.90.0.1' },
    { destination: '224.0.0.1' },
  ];
  return changes.map(packet);
}
