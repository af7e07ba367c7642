/**
 * `namespace *`: servers are reached in the network namespace that a client comes from, by its listener or by a PROXY
 * header, and PROXY headers tell of it; by HAProxy and by us, byte for byte.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createServer, type Server, Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AF_INET } from '../../src/os/address.ts';
import { closeNamespace, makeWithin, openNamespace, openOwnNamespace } from '../../src/os/namespace.ts';
import {
  bindSocket,
  connectSocket,
  listenOn,
  openSocket,
  SO_REUSEADDR,
  SOCK_STREAM,
  SOL_SOCKET,
  setOption,
} from '../../src/os/socket.ts';
import { encodeProxyV2, TLV_NETNS } from '../../src/wire/proxy-protocol.ts';
import { freePorts } from './lib/ports.ts';
import { type TestFiles, writeFiles } from './lib/program.ts';
import { describeNet, distBin, findBinary } from './lib/requirements.ts';
import { waitUntil } from './lib/wait.ts';

const blue = `tandem-blue-${process.pid}`;
let home = -1;
let there = -1;
let files: TestFiles;
const origins: Server[] = [];
let ports: number[] = [];
/** What came to an origin, by where it stands; source ports and checksums left out. */
let arrived: string[] = [];

function address(port: number) {
  return { family: 4, host: '127.0.0.1', port } as const;
}

/** A socket of the namespace that `act` has done something with. */
function openAt(namespace: number, act: (fd: number) => number): number {
  const fd = makeWithin(namespace, home, () => openSocket(AF_INET, SOCK_STREAM));
  const done = fd < 0 ? fd : act(fd);
  if (done < 0) throw new Error(`socket: errno ${-done}`);
  return fd;
}

async function openOrigin(name: string, namespace: number, port: number): Promise<void> {
  const fd = openAt(namespace, (socket) => {
    setOption(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    return bindSocket(socket, address(port)) || listenOn(socket, 10);
  });
  const origin = createServer((socket) => {
    let all = Buffer.alloc(0);
    socket.on('data', (data) => {
      all = Buffer.concat([all, data]);
      if (!all.includes('hello')) return;
      arrived.push(`${name} ${maskHeader(all).toString('latin1')}`);
      socket.destroy();
    });
    socket.on('error', () => {});
  });
  origins.push(origin);
  await new Promise<void>((resolve) => origin.listen({ fd }, resolve));
}

/** Without the client's port and the checksum behind the addresses. */
function maskHeader(data: Buffer): Buffer {
  const masked = Buffer.from(data);
  masked.fill(0, 24, 26);
  masked.fill(0, 31, 35);
  return masked;
}

function tlv(name: string) {
  return [{ type: TLV_NETNS, value: Buffer.from(name) }];
}

async function call(namespace: number, port: number, header: Uint8Array | null): Promise<string> {
  arrived = [];
  const fd = openAt(namespace, (socket) => connectSocket(socket, address(port)));
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => {});
  socket.write(Buffer.concat([header ?? Buffer.alloc(0), Buffer.from('hello')]));
  await waitUntil('the arrival', async () => arrived.length > 0);
  socket.destroy();
  return arrived.join('|');
}

const needs = { root: true, binaries: ['haproxy', 'ip'], build: true };

describeNet('namespaces of clients', needs, () => {
  beforeAll(async () => {
    spawnSync('ip', ['netns', 'add', blue]);
    spawnSync('ip', ['-n', blue, 'link', 'set', 'lo', 'up']);
    home = openOwnNamespace()!;
    there = openNamespace(blue)!;
    ports = await freePorts(4);
    const [inBlue = 0, plain = 0, announced = 0, origin = 0] = ports;
    files = await writeFiles({
      'a.cfg': `namespace_list
 namespace ${blue}
defaults
 mode tcp
 timeout client 5s
 timeout server 5s
 timeout connect 2s
 unique-id-format %ci
frontend f
 bind 127.0.0.1:${inBlue} namespace ${blue}
 bind 127.0.0.1:${plain}
 bind 127.0.0.1:${announced} accept-proxy
 default_backend b
backend b
 server s 127.0.0.1:${origin} namespace * send-proxy-v2 proxy-v2-options unique-id,crc32c
`,
    });
    await openOrigin('home', home, origin);
    await openOrigin('blue', there, origin);
  });
  afterAll(async () => {
    for (const origin of origins) origin.close();
    for (const fd of [home, there]) if (fd >= 0) closeNamespace(fd);
    spawnSync('ip', ['netns', 'del', blue]);
    await files.remove();
  });

  async function arrivals(program: string): Promise<string[]> {
    const [inBlue = 0, plain = 0, announced = 0] = ports;
    const child = spawn(program, ['-db', '-f', files.path('a.cfg')], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const ready = async () => {
      try {
        await call(home, plain, null);
        return true;
      } catch {
        return false;
      }
    };
    await waitUntil('the program', ready);
    const source = { address: Buffer.from([1, 2, 3, 4]), port: 1000 };
    const destination = { address: Buffer.from([5, 6, 7, 8]), port: 2000 };
    const header = (fields: ReturnType<typeof tlv>) => encodeProxyV2(source, destination, fields, false);
    const seen = [
      await call(there, inBlue, null),
      await call(home, plain, null),
      await call(home, announced, header(tlv(blue))),
      await call(home, announced, header(tlv('zork'))),
      await call(home, announced, header([])),
    ];
    child.kill('SIGTERM');
    await exited;
    return seen;
  }

  it('are where servers are reached, and what PROXY headers tell', async () => {
    const ours = await arrivals(distBin('haproxy'));
    expect(ours.map((text) => text.slice(0, 4))).toEqual(['blue', 'home', 'blue', 'home', 'home']);
    expect(ours.map((text) => text.includes(blue))).toEqual([true, false, true, false, false]);
    expect(ours).toEqual(await arrivals(findBinary('haproxy')!));
  });

  it('must be there at the start', () => {
    const config = files.path('a.cfg');
    spawnSync('sed', ['-i', `s/^ namespace ${blue}/ namespace nowhere/`, config]);
    const { status, stderr } = spawnSync(distBin('haproxy'), ['-db', '-f', config], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain("Cannot open namespace 'nowhere'.");
  });
});
