/**
 * Roles that die: core starts them again within two seconds, the others go on, and what was known of the servers is
 * still known. And core itself: when it dies, nothing of it stays behind.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createNetwork, type Network } from './lib/namespaces.ts';
import { accepts, freePort, freePorts, waitForPort } from './lib/ports.ts';
import { listTree } from './lib/process-tree.ts';
import { type Program, startProgram } from './lib/program.ts';
import { describeNet, distBin } from './lib/requirements.ts';
import { findRole, type Role } from './lib/roles.ts';
import { measureSlowness } from './lib/slowness.ts';
import { sleep, waitUntil } from './lib/wait.ts';
import { runWrk } from './lib/wrk.ts';

const BACK_WITHIN_MS = 2000;

let folder = '';
let origin: Server;
let originPort = 0;
let running: Program | null = null;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-supervise-'));
  origin = createServer((_request, response) => response.end('origin\n'));
  origin.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  originPort = (origin.address() as { port: number }).port;
});
afterEach(async () => {
  await running?.stop();
  running = null;
});
afterAll(() => {
  origin.closeAllConnections();
  origin.close();
  rmSync(folder, { recursive: true });
});

function configFor(port: number, deadPort: number): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
listen web
  bind 127.0.0.1:${port}
  stats uri /stats
  server alive 127.0.0.1:${originPort} check inter 200 rise 1
  server dead 127.0.0.1:${deadPort} check inter 200 downinter 60s
`;
}

async function start(): Promise<number> {
  const [port, deadPort] = (await freePorts(2)) as [number, number];
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configFor(port, deadPort));
  running = startProgram(distBin('haproxy'), ['-W', '-db', '-f', file]);
  await waitForPort(port, '127.0.0.1', { details: running.output });
  await waitUntil('the dead server to be found', async () => (await statusOf(port, 'dead')) === 'DOWN', {
    details: running.output,
  });
  return port;
}

async function fetchText(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve(text));
    });
    request.once('error', reject);
  });
}

async function statusOf(port: number, server: string): Promise<string> {
  const csv = await fetchText(port, '/stats;csv');
  const [head = '', ...rows] = csv.split('\n').map((line) => line.split(','));
  const column = (head as unknown as string[]).indexOf('status');
  return rows.find((row) => row[0] === 'web' && row[1] === server)?.[column] ?? '';
}

/** Kills a role and tells how long the next process of it took to be there. */
async function killRole(role: Role): Promise<number> {
  const old = findRole(running!.pid, role);
  expect(old).not.toBeNull();
  const killedAt = performance.now();
  process.kill(old!, 'SIGKILL');
  await waitUntil(`another ${role}`, () => {
    const now = findRole(running!.pid, role);
    return now !== null && now !== old;
  });
  return performance.now() - killedAt;
}

describeNet('roles that die', { build: true, binaries: ['wrk'] }, () => {
  it('check: the proxy loses no request under load, and the states stay', async () => {
    const port = await start();
    const load = runWrk({ url: `http://127.0.0.1:${port}/`, seconds: 5, connections: 16 });
    await sleep(500);
    for (let n = 0; n < 3; n++) {
      expect(await killRole('check')).toBeLessThan(BACK_WITHIN_MS * (await measureSlowness()));
      expect(await statusOf(port, 'dead')).toBe('DOWN');
    }
    const result = await load;
    expect(result.errors, result.output).toBe(0);
    expect(await statusOf(port, 'alive')).toBe('UP');
    expect(running!.output().match(/Server web\/dead is DOWN/g)).toHaveLength(1);
  });

  it('proxy: connections wait in the backlog, the next process serves them and knows who is down', async () => {
    const port = await start();
    const slowness = await measureSlowness();
    const killedAt = performance.now();
    const back = killRole('proxy');
    await sleep(1);
    const answer = fetchText(port, '/');
    const backMs = await back;
    await answer.catch(() => {}); // Whether it met the dying process is chance.
    expect(await fetchText(port, '/')).toBe('origin\n');
    const servedMs = performance.now() - killedAt;
    const withinMs = BACK_WITHIN_MS * Math.max(slowness, await measureSlowness());
    expect(backMs).toBeLessThan(withinMs);
    expect(servedMs).toBeLessThan(withinMs);
    expect(await statusOf(port, 'dead')).toBe('DOWN');
    expect(running!.output()).toMatch(/\[ALERT\] .*Current worker \(\d+\) exited with code 137 \(Killed\)/);
  });

  it('one that keeps dying is started less and less often, and core stays', async () => {
    await start();
    for (let n = 0; n < 3; n++) await killRole('check');
    expect(running!.output()).toMatch(/health checker .* Starting another at once/);
    expect(running!.output()).toMatch(/health checker .* Starting another in 1 seconds/);
    expect(running!.running()).toBe(true);
  });
});

describeNet('core', { build: true }, () => {
  it('takes its roles with it when it is killed', async () => {
    const port = await start();
    const roles = listTree(running!.pid).slice(1);
    expect(roles).toHaveLength(2);
    running!.kill('SIGKILL');
    await waitUntil('the roles to end', () => roles.every((pid) => !existsSync(`/proc/${pid}`)), { deadlineMs: 2000 });
    expect(await accepts(port)).toBe(false);
  });

  it('gives up at once when a role cannot work with its configuration', async () => {
    const file = join(folder, 'account.cfg');
    const port = await freePort();
    writeFileSync(file, `global\n  user nobody-of-this-name\n${configFor(port, 1).replace(/^global\n/, '')}`);
    running = startProgram(distBin('haproxy'), ['-db', '-f', file]);
    expect(await running.exited).toBe(1);
    expect(running.output()).toContain('[ALERT]');
    expect(await accepts(port)).toBe(false);
  });

  it('runs no role that nothing is there for', async () => {
    const file = join(folder, 'plain.cfg');
    const port = await freePort();
    writeFileSync(file, configFor(port, 1).replaceAll(/ check .*/g, ''));
    running = startProgram(distBin('haproxy'), ['-db', '-f', file]);
    await waitForPort(port);
    expect(await fetchText(port, '/')).toBe('origin\n');
    expect(listTree(running.pid)).toHaveLength(2);
  });

  it('writes its own log as JSON on request', async () => {
    const port = await freePort();
    const file = join(folder, 'json.cfg');
    writeFileSync(file, configFor(port, 1));
    running = startProgram(distBin('tandem'), ['run', '--log', 'json', '-f', file]);
    await waitForPort(port);
    await waitUntil('a line', () => running!.output().includes('Loading success.'));
    const lines = running
      .output()
      .split('\n')
      .filter((line) => line.includes('Loading success.'));
    expect(JSON.parse(lines[0]!)).toMatchObject({ pid: running.pid, process: 'tandem', msg: 'Loading success.' });
  });
});

describeNet('both programs under one core', { root: true, build: true, binaries: ['wrk'] }, () => {
  let network: Network | null = null;
  afterAll(async () => {
    await network?.destroy();
  });

  it('vrrp: dies under load of the proxy, and neither a request nor the address is lost', async () => {
    network = await createNetwork({ hosts: ['a'] });
    const host = network.host('a');
    const port = 8080;
    const http = join(folder, 'http.mjs');
    writeFileSync(http, "import { createServer } from 'node:http'; createServer((q, r) => r.end('x')).listen(9000);");
    await host.spawn(process.execPath, [http]);
    const proxyFile = join(folder, 'pair.cfg');
    const config = configFor(port, 1).replace(`127.0.0.1:${originPort}`, '127.0.0.1:9000');
    writeFileSync(proxyFile, config.replace(/ *server dead .*\n/, ''));
    const vrrpFile = join(folder, 'pair.conf');
    writeFileSync(
      vrrpFile,
      `vrrp_instance V {\n  interface ${host.device}\n  state MASTER\n  virtual_router_id 51\n  priority 200\n` +
        '  advert_int 1\n  virtual_ipaddress {\n    10.90.0.100/24\n  }\n}\n',
    );
    const core = await host.spawn(distBin('tandem'), ['run', '-f', proxyFile, '-f', vrrpFile]);
    const hasAddress = async () => (await host.addresses()).includes('10.90.0.100');
    await waitUntil('the address', hasAddress, { details: core.output });
    const load = host.exec('wrk', ['-t1', '-c8', '-d8s', `http://127.0.0.1:${port}/`], 20_000);
    await sleep(500);
    const slowness = await measureSlowness();
    const old = findRole(core.pid, 'vrrp');
    const killedAt = performance.now();
    process.kill(old!, 'SIGKILL');
    await waitUntil('another vrrp role', () => ![null, old].includes(findRole(core.pid, 'vrrp')));
    const backMs = performance.now() - killedAt;
    // A peer would take over after 3.2 s of silence; the address must not even be away for a moment.
    while (performance.now() < killedAt + 4000) expect(await hasAddress(), core.output()).toBe(true);
    const { stdout } = await load;
    expect(backMs).toBeLessThan(BACK_WITHIN_MS * slowness);
    expect(stdout).toMatch(/requests in/);
    expect(stdout).not.toMatch(/Socket errors|Non-2xx/);
    core.kill('SIGTERM');
    expect(await core.exited).toMatchObject({ code: 0 });
    expect(await hasAddress()).toBe(false);
  }, 60_000);

  it('keepalived: keeps the pid files of core and role, follows signals, and leaves nothing behind', async () => {
    network ??= await createNetwork({ hosts: ['a'] });
    const host = network.host('a');
    const conf = join(folder, 'alone.conf');
    writeFileSync(
      conf,
      `vrrp_instance V {\n  interface ${host.device}\n  virtual_router_id 52\n  virtual_ipaddress {\n    10.90.0.101\n  }\n}\n`,
    );
    const pidFile = join(folder, 'k.pid');
    const rolePidFile = join(folder, 'k_vrrp.pid');
    const started = await host.exec(distBin('keepalived'), ['-f', conf, '-p', pidFile, '-r', rolePidFile, '-G']);
    expect(started).toMatchObject({ code: 0 });
    const list = () => host.processes().filter((entry) => entry.name === 'keepalived');
    expect(list()).toHaveLength(2);
    const inside = Number(readFileSync(pidFile, 'utf8'));
    const roleInside = Number(readFileSync(rolePidFile, 'utf8'));
    expect(roleInside).toBeGreaterThan(inside);
    const second = await host.exec(distBin('keepalived'), ['-n', '-l', '-f', conf, '-p', pidFile, '-r', rolePidFile]);
    expect(second.stderr).toContain('daemon is already running');
    await host.run('kill', ['-9', `${roleInside}`]);
    await waitUntil('the new role in the pid file', () => Number(readFileSync(rolePidFile, 'utf8')) !== roleInside);
    await waitUntil('the address', async () => (await host.addresses()).includes('10.90.0.101'));
    await host.run('kill', ['-HUP', `${inside}`]);
    await host.run('kill', ['-USR1', `${inside}`]);
    await host.run('kill', [`${inside}`]);
    await waitUntil('its end', () => list().length === 0);
    expect(existsSync(pidFile)).toBe(false);
    expect(existsSync(rolePidFile)).toBe(false);
    expect(await host.addresses()).not.toContain('10.90.0.101');
  }, 60_000);
});
