/** `log-steps` and `log-profile` over sessions of both modes; Debian's HAProxy is older than they. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from './lib/ports.ts';
import { type RunningProxy, startProxy } from './lib/proxy-under-test.ts';
import { exchange, type Origin, startOrigin } from './lib/raw-http.ts';
import { describeNet } from './lib/requirements.ts';
import { receiveSyslog, type SyslogReceiver } from './lib/syslog.ts';
import { waitUntil } from './lib/wait.ts';

const get = 'GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';

describeNet('Log steps and profiles', { build: true }, () => {
  let origin: Origin;
  let proxy: RunningProxy;
  let log: SyslogReceiver;
  let ports: readonly number[];

  beforeAll(async () => {
    origin = await startOrigin();
    origin.closes = true;
    log = await receiveSyslog();
    ports = await freePorts(5);
    const [http, tcp, two, failing, some] = ports;
    const to = `log 127.0.0.1:${log.port} format local`;
    const config = `
log-profile steps
  log-tag stepper
  on accept   format "accept %f %s %ST"
  on request  format "request %HM %HU %b/%s"
  on connect  format "connect %b/%s %ST"
  on response format "response %ST"
  on close    format "close %ST %ts"
log-profile other
  on any format "other %f"
log-profile errors
  on error format "error %f %[fc_err_str]"
  on any drop
defaults
  mode http
  timeout connect 2s
  timeout client 2s
  timeout server 2s
frontend http
  bind 127.0.0.1:${http}
  log-steps all
  ${to} profile steps local0
  default_backend web
frontend tcp
  mode tcp
  bind 127.0.0.1:${tcp}
  log-steps all
  ${to} profile steps local0
  default_backend bytes
frontend two
  bind 127.0.0.1:${two}
  log-format "plain %f %ST"
  ${to} local0
  ${to} profile other local1
  default_backend web
frontend failing
  bind 127.0.0.1:${failing} accept-proxy
  option httplog
  ${to} profile errors local0
  default_backend web
frontend some
  bind 127.0.0.1:${some}
  log-steps connect,close
  log-format "%f %s %ST"
  option dontlognull
  ${to} local0
  default_backend web
backend web
  server w 127.0.0.1:${origin.port}
backend bytes
  mode tcp
  server b 127.0.0.1:${origin.port}
`;
    proxy = await startProxy('ours', config, http!);
    // What the wait for the port has left.
    await log.waitFor(/close/);
  });

  afterAll(async () => {
    await proxy?.stop();
    await origin?.close();
    await log?.close();
  });

  async function linesOf(port: number, sent: string, count: number): Promise<string[]> {
    const from = log.lines().length;
    await exchange(port, sent);
    const lines = await waitUntil(`${count} lines`, () => {
      const seen = log.lines().slice(from);
      return seen.length >= count ? seen : null;
    });
    return lines!.map((line) => line.replace(/^<(\d+)>\w+ +\d+ [\d:]+ (\w+)\[\d+\]: /, '$1 $2: '));
  }

  it('have a line at each step of a request', async () => {
    expect(await linesOf(ports[0]!, get, 5)).toEqual([
      '134 stepper: accept http <NOSRV> -1',
      '134 stepper: request GET /x web/<NOSRV>',
      '134 stepper: connect web/w -1',
      '134 stepper: response 200',
      '134 stepper: close 200 --',
    ]);
  });

  it('have a line at each step of a session in mode tcp', async () => {
    expect(await linesOf(ports[1]!, get, 3)).toEqual([
      '134 stepper: accept tcp <NOSRV> 0',
      '134 stepper: connect bytes/b 0',
      '134 stepper: close 0 --',
    ]);
  });

  it('have lines of their own for each target', async () => {
    expect(await linesOf(ports[2]!, get, 2)).toEqual(['134 haproxy: plain two 200', '142 haproxy: other two']);
  });

  it('tell of connections that failed, and of nothing else', async () => {
    const text = 'Received something which does not look like a PROXY protocol header';
    expect(await linesOf(ports[3]!, get, 1)).toEqual([`134 haproxy: error failing ${text}`]);
  });

  it('are those that were asked for', async () => {
    expect(await linesOf(ports[4]!, get, 2)).toEqual(['134 haproxy: some w -1', '134 haproxy: some w 200']);
  });
});
