/** Sends IPv4 packets of protocol 112, given as hexadecimal arguments, by one interface: for what no router would send. */
import { interfaceIndex, openVrrpSocket4, sendPacket4 } from '../../../src/os/packet.ts';

const [, , interfaceName = '', ...packets] = process.argv;
const fd = openVrrpSocket4({
  interfaceName,
  interfaceIndex: interfaceIndex(interfaceName),
  multicastGroup: '224.0.0.18',
});
for (const packet of packets) {
  const done = sendPacket4(fd, Buffer.from(packet, 'hex'));
  if (done < 0) throw new Error(`sending ${packet}: ${done}`);
}
