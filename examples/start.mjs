#!/usr/bin/env node
// The main job on an embedded example: two small origin servers, and the proxy in front of them on free loopback ports.
// Runs as an ordinary user, until Ctrl-C.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const START_DEADLINE_MS = 15_000;

function listen(server) {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}

function openOrigin(name) {
  return createServer((request, response) => {
    const client = request.headers['x-forwarded-for'] ?? 'the health checker';
    response.setHeader('content-type', 'text/plain');
    response.end(request.url === '/health' ? 'ok\n' : `Hello ${client}, this is origin ${name}: ${request.url}\n`);
  });
}

/** Two ports that were free a moment ago: both are held until both are known. */
async function findFreePorts() {
  const holders = [createServer(), createServer()];
  const ports = await Promise.all(holders.map(listen));
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

const origins = [openOrigin('a'), openOrigin('b')];
const [originA, originB] = await Promise.all(origins.map(listen));
const [proxyPort, statsPort] = await findFreePorts();

const proxy = spawn(
  process.execPath,
  [join(root, 'dist/bin/haproxy'), '-db', '-f', join(root, 'examples/haproxy.cfg')],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
    // A group of its own: Ctrl-C reaches this script alone, which then stops the proxy in order.
    detached: true,
    env: {
      ...process.env,
      PROXY_PORT: String(proxyPort),
      STATS_PORT: String(statsPort),
      ORIGIN_A: String(originA),
      ORIGIN_B: String(originB),
    },
  },
);

let stopping = false;
proxy.on('exit', (code) => {
  for (const origin of origins) {
    origin.close();
    origin.closeAllConnections();
  }
  if (!stopping) console.error(`the proxy ended by itself (exit code ${code})`);
  process.exitCode = stopping ? 0 : 1;
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopping = true;
    proxy.kill('SIGTERM');
  });
}

const deadline = Date.now() + START_DEADLINE_MS;
while (!stopping && proxy.exitCode === null) {
  if ((await accepts(proxyPort)) && (await accepts(statsPort))) {
    console.log(`proxy: http://127.0.0.1:${proxyPort}/`);
    console.log(`stats: http://127.0.0.1:${statsPort}/stats`);
    break;
  }
  if (Date.now() > deadline) {
    console.error('the proxy does not accept connections');
    proxy.kill('SIGTERM');
    break;
  }
  await sleep(20);
}
