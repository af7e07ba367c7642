/**
 * Connections that begin with a header about their client, through the real HAProxy and through ours: what reaches the
 * client, how the connection ends, the log line, and what the statistics count must be the same.
 *
 * Left out here, because ours are stricter (docs/deviations.md): octets above 255, ports above 65535, NetScaler lengths
 * that do not cover both headers.
 */
import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeProxyV2, SIGNATURE } from '../../src/wire/proxy-protocol.ts';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { sleep } from './lib/wait.ts';

const NAMES = ['plain', 'named', 'http', 'null', 'netscaler', 'facts', 'ready', 'stats'] as const;
type Ports = Readonly<Record<(typeof NAMES)[number], number>>;

const MAGIC = 1234;

function configure(ports: Ports, originPort: number, logPort: number): string {
  return `
global
  log 127.0.0.1:${logPort} local0
defaults
  log global
  timeout connect 1s
  timeout client 600ms
  timeout server 600ms
frontend plain
  mode tcp
  option tcplog
  option socket-stats
  bind 127.0.0.1:${ports.plain} accept-proxy
  bind 127.0.0.1:${ports.named} accept-proxy name some
  default_backend raw
frontend null
  mode tcp
  option tcplog
  option dontlognull
  option log-separate-errors
  bind 127.0.0.1:${ports.null} accept-proxy
  default_backend raw
frontend netscaler
  mode tcp
  option tcplog
  bind 127.0.0.1:${ports.netscaler} accept-netscaler-cip ${MAGIC}
  default_backend raw
frontend facts
  mode http
  log-format "%ci:%cp fi=%fi:%fp src=%[src] fc=%[fc_src] dst=%[dst]:%[dst_port] fcd=%[fc_dst]:%[fc_dst_port] so=%[so_id]/%[so_name] auth=%[fc_pp_authority] uid=%[fc_pp_unique_id] rp=%[fc_rcvd_proxy]"
  bind 127.0.0.1:${ports.facts} accept-proxy name some id 9
  default_backend web
frontend http
  mode http
  option httplog
  option forwardfor
  bind 127.0.0.1:${ports.http} accept-proxy
  default_backend web
frontend ready
  mode http
  no log
  bind 127.0.0.1:${ports.ready}
frontend stats
  mode http
  no log
  stats enable
  stats uri /stats
  bind 127.0.0.1:${ports.stats}
backend raw
  mode tcp
  server s 127.0.0.1:${originPort}
backend web
  mode http
  server s 127.0.0.1:${originPort}
`;
}

interface Side {
  readonly proxy: RunningProxy;
  readonly syslog: SyslogReceiver;
  readonly ports: Ports;
}

/** Answers with the bytes that it got. */
function startEcho(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      const text = JSON.stringify(data.toString('latin1'));
      socket.end(`HTTP/1.0 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

type Ending = 'hold' | 'shut' | 'close' | 'reset';

interface Outcome {
  readonly received: string;
  readonly end: string;
}

/** Sends, and then waits for the other side, closes or resets. */
function play(port: number, data: Uint8Array, ending: Ending): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let received = '';
    const finish = (end: string): void => {
      socket.destroy();
      resolve({ received, end });
    };
    socket.setTimeout(2000, () => finish('timeout'));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('end', () => finish('end'));
    socket.on('error', () => finish('reset'));
    socket.on('connect', async () => {
      if (data.length > 0) socket.write(data);
      if (ending === 'shut') socket.end();
      if (ending !== 'close' && ending !== 'reset') return;
      await sleep(20);
      if (ending === 'reset') socket.resetAndDestroy();
      finish('ours');
    });
  });
}

const request = Buffer.from('GET / HTTP/1.0\r\n\r\n');
const inet4 = { address: Uint8Array.of(192, 0, 2, 1), port: 40000 };
const other4 = { address: Uint8Array.of(198, 51, 100, 2), port: 81 };
const inet6 = { address: Uint8Array.from({ length: 16 }, (_, i) => i), port: 40000 };

const line = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'latin1'), request]);
const withRequest = (header: Uint8Array): Buffer => Buffer.concat([header, request]);

function raw(command: number, family: number, body: ArrayLike<number>): Buffer {
  return withRequest(
    Uint8Array.from([...SIGNATURE, command, family, body.length >> 8, body.length & 255, ...Array.from(body)]),
  );
}

const plain4 = [...encodeProxyV2(inet4, other4).subarray(16)];
const wrongSum = encodeProxyV2(inet4, other4, [], true);
wrongSum[34]! ^= 1;

const proxyCases: Readonly<Record<string, Uint8Array>> = {
  'v1 over IPv4': line('PROXY TCP4 192.0.2.1 198.51.100.2 40000 81\r\n'),
  'v1 over IPv6': line('PROXY TCP6 2001:db8::1 ::1 40000 81\r\n'),
  'v1 with leading zeros': line('PROXY TCP4 192.000.002.001 198.51.100.2 40000 81\r\n'),
  'v1 of an unknown protocol': line('PROXY UNKNOWN\r\n'),
  'v1 of an unknown protocol with words': line('PROXY UNKNOWN some words\r\n'),
  'v1 of another protocol': line('PROXY TCP5 192.0.2.1 198.51.100.2 40000 81\r\n'),
  'v1 with a bare line feed': line('PROXY TCP4 192.0.2.1 198.51.100.2 40000 81\n'),
  'v1 with two blanks': line('PROXY TCP4  192.0.2.1 198.51.100.2 40000 81\r\n'),
  'v1 with a word too many': line('PROXY TCP4 192.0.2.1 198.51.100.2 40000 81 x\r\n'),
  'v1 without ports': line('PROXY TCP4 192.0.2.1 198.51.100.2\r\n'),
  'v1 of mixed families': line('PROXY TCP6 192.0.2.1 ::1 40000 81\r\n'),
  'v1 in small letters': line('proxy TCP4 192.0.2.1 198.51.100.2 40000 81\r\n'),
  'v1 that is cut': Buffer.from('PROXY TCP4 192.0'),
  'the beginning of v1': Buffer.from('PROXY TC'),
  'a request': request,
  'three bytes': Buffer.from('GET'),
  'v2 over IPv4': withRequest(encodeProxyV2(inet4, other4)),
  'v2 over IPv6': withRequest(encodeProxyV2(inet6, inet6)),
  'v2 LOCAL': withRequest(encodeProxyV2(null, null)),
  'v2 LOCAL with addresses': raw(0x20, 0x11, plain4),
  'v2 LOCAL with junk': raw(0x20, 0x00, [4, 0, 9, 97, 98]),
  'v2 over UDP': raw(0x21, 0x12, plain4),
  'v2 over UNIX': raw(0x21, 0x31, new Uint8Array(216)),
  'v2 of no family': raw(0x21, 0x00, [1, 2, 3]),
  'v2 with short addresses': raw(0x21, 0x11, plain4.slice(0, 8)),
  'v2 with another command': raw(0x22, 0x11, plain4),
  v3: raw(0x31, 0x11, plain4),
  'v2 with a checksum': withRequest(encodeProxyV2(inet4, other4, [], true)),
  'v2 with a wrong checksum': withRequest(wrongSum),
  'v2 with fields': withRequest(
    encodeProxyV2(inet4, other4, [
      { type: 2, value: Buffer.from('example.org') },
      { type: 5, value: Buffer.alloc(128, 'x') },
      { type: 0x30, value: Buffer.from('nosuch') },
    ]),
  ),
  'v2 with a unique id that is too long': withRequest(
    encodeProxyV2(inet4, other4, [{ type: 5, value: Buffer.alloc(129, 'x') }]),
  ),
  'v2 with a field that is cut': raw(0x21, 0x11, [...plain4, 4, 0, 9, 97, 98]),
  'v2 of 15 KB': withRequest(encodeProxyV2(inet4, other4, [{ type: 4, value: new Uint8Array(15000) }])),
  'v2 of 17 KB': withRequest(encodeProxyV2(inet4, other4, [{ type: 4, value: new Uint8Array(17000) }])),
  'v2 that is cut': encodeProxyV2(inet4, other4).subarray(0, 20),
};

function ipHeader(version = 4, words = 5, protocol = 6): Buffer {
  const bytes = Buffer.alloc(4 * words);
  bytes[0] = (version << 4) | words;
  bytes[9] = protocol;
  bytes.set([...inet4.address, ...other4.address], 12);
  return bytes;
}

function netscaler(standard: boolean, packet: Buffer, length = packet.length, magic = MAGIC): Buffer {
  const head = Buffer.alloc(standard ? 12 : 8);
  head.writeUInt32BE(magic, 0);
  head.writeUInt32BE(standard ? 12 + length : length, 4);
  if (standard) head.writeUInt32BE(0x10000 + length, 8);
  return Buffer.concat([head, packet, request]);
}

const tcp = Buffer.alloc(20);
tcp.writeUInt16BE(40000, 0);
tcp.writeUInt16BE(81, 2);

const netscalerCases: Readonly<Record<string, Uint8Array>> = {
  legacy: netscaler(false, Buffer.concat([ipHeader(), tcp])),
  standard: netscaler(true, Buffer.concat([ipHeader(), tcp])),
  'with IP options': netscaler(false, Buffer.concat([ipHeader(4, 6), tcp])),
  'another magic': netscaler(false, Buffer.concat([ipHeader(), tcp]), 40, 99),
  UDP: netscaler(true, Buffer.concat([ipHeader(4, 5, 17), tcp])),
  'IP version 5': netscaler(false, Buffer.concat([ipHeader(5), tcp])),
  'longer than what comes': netscaler(false, Buffer.concat([ipHeader(), tcp]), 400),
  'a few bytes': Buffer.from([0, 0, 4]),
  'a request': request,
};

/** Ports, dates and times are the run's own. */
function mask(text: string): string {
  return text
    .replace(/^(<\d+>).*?haproxy\[\d+\]: /, '$1')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:P')
    .replace(/\[\d\d\/[^\]]+\]/, '[T]')
    .replace(/ (-?)\d+\/(-?)\d+\/(-?)\d+(\/(-?)\d+\/(-?)\d+)? /, ' times ');
}

describeNet('a header before the connection', { binaries: ['haproxy'], build: true }, () => {
  const sides: Side[] = [];
  let origin: Server;

  beforeAll(async () => {
    origin = await startEcho();
    const originPort = (origin.address() as { port: number }).port;
    for (const which of ['original', 'ours'] as const) {
      const syslog = await receiveSyslog();
      const free = await freePorts(NAMES.length);
      const ports = Object.fromEntries(NAMES.map((name, i) => [name, free[i]!])) as Ports;
      const proxy = await startProxy(which, configure(ports, originPort, syslog.port), ports.ready);
      sides.push({ proxy, syslog, ports });
    }
  });

  afterAll(async () => {
    for (const { proxy, syslog } of sides) {
      await proxy.stop();
      await syslog.close();
    }
    origin.close();
  });

  async function expectSame(name: keyof Ports, data: Uint8Array, ending: Ending, quiet = false): Promise<void> {
    const outcomes = [];
    for (const { ports, syslog } of sides) {
      const from = syslog.lines().length;
      const { received, end } = await play(ports[name], data, ending);
      if (!quiet) await syslog.waitFor(/./, { from });
      else await sleep(100);
      const logged = syslog.lines().slice(from).map(mask);
      outcomes.push({ received: received.replace(/^x:/gim, 'x:'), end, logged });
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[0]!.logged.length).toBe(quiet ? 0 : 1);
  }

  it.each(Object.entries(proxyCases))('PROXY: %s', (_, data) => expectSame('plain', data, 'hold'));

  it.each(Object.entries(netscalerCases))('NetScaler: %s', (_, data) => expectSame('netscaler', data, 'hold'));

  it.each(['hold', 'shut', 'close', 'reset'] as const)('nothing, then %s', async (ending) => {
    await expectSame('plain', new Uint8Array(0), ending);
    await expectSame('netscaler', new Uint8Array(0), ending);
  });

  it('names the socket in the log, and goes by the options of the frontend', async () => {
    await expectSame('named', request, 'hold');
    await expectSame('null', request, 'hold');
    await expectSame('null', new Uint8Array(0), 'shut', true);
    await expectSame('null', new Uint8Array(0), 'hold', true);
  });

  it('gives requests the address that was told', async () => {
    await expectSame('http', proxyCases['v2 over IPv6']!, 'hold');
    await expectSame('http', proxyCases['v1 over IPv4']!, 'hold');
    await expectSame('http', proxyCases['v2 LOCAL']!, 'hold');
  });

  it.each(['v1 over IPv4', 'v2 with fields', 'v2 LOCAL', 'v2 over IPv6'])('tells formats of %s', async (name) => {
    await expectSame('facts', proxyCases[name]!, 'hold');
  });

  it('counts connections, and sessions only behind a header', async () => {
    const counts = [];
    for (const { ports } of sides) {
      const { text } = await exchange(ports.stats, 'GET /stats;csv HTTP/1.0\r\n\r\n', { enough: () => false });
      const [head = '', ...rows] = text.slice(text.indexOf('# pxname')).split('\n');
      const columns = head.replace(/^# /, '').split(',');
      const value = (row: string, column: string) => row.split(',')[columns.indexOf(column)];
      const wanted = ['pxname', 'svname', 'scur', 'stot', 'bin', 'ereq'];
      counts.push(
        rows
          .filter((row) => /^(plain|null|netscaler),/.test(row))
          .map((row) => [
            ...wanted.map((c) => value(row, c)),
            row.includes(',FRONTEND,') ? value(row, 'conn_tot') : '',
          ]),
      );
    }
    expect(counts[1]).toEqual(counts[0]);
    expect(counts[0]!.length).toBe(5);
  });
});

describeNet('a header from the real HAProxy', { binaries: ['haproxy'], build: true }, () => {
  const running: RunningProxy[] = [];
  let origin: Server;

  afterAll(async () => {
    for (const proxy of running) await proxy.stop();
    origin.close();
  });

  it('is read in every version, with every field, over TCP and an abstract socket', async () => {
    origin = await startEcho();
    const originPort = (origin.address() as { port: number }).port;
    const words = ['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options crc32c,unique-id'];
    const free = await freePorts(words.length + 2);
    const [inner = 0, ready = 0, ...outer] = free;
    const name = `tandem-accept-${process.pid}`;
    const timeouts = ' timeout connect 1s\n timeout client 2s\n timeout server 2s\n';
    const receiver =
      `defaults\n mode http\n${timeouts}frontend f\n option forwardfor\n bind 127.0.0.1:${inner},abns@${name} accept-proxy\n` +
      ` default_backend b\nfrontend ready\n bind 127.0.0.1:${ready}\nbackend b\n server s 127.0.0.1:${originPort}\n`;
    const sender = words
      .map(
        (word, i) =>
          `listen l${i}\n unique-id-format %ci-%cp\n bind 127.0.0.1:${outer[i]}\n server one 127.0.0.1:${inner} ${word}\n server two abns@${name} ${word}\n`,
      )
      .join('');
    running.push(await startProxy('ours', receiver, ready));
    running.push(await startProxy('original', `defaults\n mode tcp\n${timeouts}${sender}`, outer[0]!));
    for (const port of outer) {
      // Once to each server.
      for (let turn = 0; turn < 2; turn++) {
        const { text } = await exchange(port, 'GET / HTTP/1.0\r\n\r\n', { enough: () => false });
        expect(text).toContain('x-forwarded-for: 127.0.0.1');
      }
    }
  });
});
