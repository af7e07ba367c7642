/**
 * What connections to servers must have in common with the real HAProxy's: which idle ones serve which requests, what
 * they begin with, where they come from, and what is tried again after which failure. Each scenario says in lines what
 * clients and the origin saw; numbers that depend on time and chance are masked.
 */
import { answering, type Peer, type Stage } from './stage.ts';
import { sleep, waitUntil } from './wait.ts';

export interface LinkScenario {
  readonly name: string;
  /** Log lines to wait for. */
  readonly lines: number;
  /**
   * The proxy's section: lines of a `listen` but for its address. ORIGIN stands for the origin's port, OFFSET for what
   * it is more or less than the proxy's own, DEAD for a closed port.
   */
  readonly section: readonly string[];
  /** `open` connects to the section. */
  readonly run: (stage: Stage, open: (from?: string) => Promise<Peer>) => Promise<readonly string[]>;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const request = (path: string, more = ''): string => `GET /${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

/** All of one connection's bytes. */
function bytesOf(peer: Peer): string {
  return peer.events
    .filter((event) => event.startsWith('data'))
    .map((event) => JSON.parse(event.slice(5)) as string)
    .join('');
}

/** What happened on a connection but for its data. */
function fateOf(peer: Peer): string {
  return peer.events.filter((event) => /^(?:end|reset)/.test(event)).join(' ');
}

/** Ports, checksums and binary addresses differ from run to run. */
function mask(text: string): string {
  return text
    .replace(/(PROXY TCP\d \S+ \S+) \d+ \d+/, '$1 PORTS')
    .replace(/^(\r\n\r\n\0\r\nQUIT\n!\x11..\x7f\0\0\x01\x7f\0\0\x01)[\s\S]{4}/, '$1PORT')
    .replace(/\x03\0\x04[\s\S]{4}/, 'CRC')
    .replace(/^(\x04\x01)[\s\S]{2}/, '$1PORT');
}

/** Which of the origin's connections served which requests, in order. */
function served(stage: Stage): string[] {
  return stage.origin.map(
    (peer, i) => `origin ${i}: ${(bytesOf(peer).match(/(?<=^|\n)[A-Z]+ \/\S*/g) ?? []).join(', ')}`,
  );
}

function received(stage: Stage): string[] {
  return stage.origin.map((peer, i) => `origin ${i}: ${JSON.stringify(mask(bytesOf(peer)))}`);
}

/** Sends requests one after another, each when the one before is answered, and gives the connection back. */
async function ask(client: Peer, ...paths: readonly string[]): Promise<Peer> {
  for (const path of paths) {
    const before = (bytesOf(client).match(/\r\n\r\n/g) ?? []).length;
    client.send(request(path));
    await waitUntil(
      `an answer to ${path}`,
      () => (bytesOf(client).match(/\r\n\r\n/g) ?? []).length > before || fateOf(client) !== '',
      { details: () => client.events.join('\n') },
    );
    // The proxy puts the connection away behind the answer.
    await sleep(20);
  }
  return client;
}

async function hangUp(client: Peer): Promise<void> {
  client.socket.end();
  await client.see(/^close/);
  await sleep(20);
}

/** The first client keeps asking, goes, and two others come: which connections are used for what? */
async function visit(stage: Stage, open: () => Promise<Peer>): Promise<string[]> {
  stage.onConnection = answering(OK);
  const a = await ask(await open(), 'a1', 'a2');
  const b = await ask(await open(), 'b1', 'b2');
  await ask(a, 'a3');
  await hangUp(a);
  const c = await ask(await open(), 'c1', 'c2');
  const d = await ask(await open(), 'd1');
  await hangUp(b);
  await hangUp(c);
  await hangUp(d);
  return served(stage);
}

function reuse(name: string, ...section: readonly string[]): LinkScenario {
  return { name: `reuse: ${name}`, lines: 8, section: ['mode http', ...section], run: visit };
}

/** The origin fails this way for the first requests, then answers. */
function failing(times: number, fail: (peer: Peer) => void): (stage: Stage) => void {
  return (stage) => {
    let left = times;
    stage.onConnection = (peer) => {
      peer.socket.on('data', () => {
        if (left-- > 0) fail(peer);
        else peer.send(OK);
      });
    };
  };
}

const failures: Readonly<Record<string, (peer: Peer) => void>> = {
  'an end': (peer) => peer.socket.end(),
  'a reset': (peer) => peer.socket.resetAndDestroy(),
  junk: (peer) => peer.socket.end('SSH-2.0-OpenSSH\r\n'),
  'half a head': (peer) => peer.socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
  silence: () => {},
  503: (peer) => peer.send('HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy'),
  404: (peer) => peer.send('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
};

function retry(failure: string, times: number, retryOn: string, ...section: readonly string[]): LinkScenario {
  return {
    name: `retry-on ${retryOn}: ${failure}, ${times} times${section.map((line) => `, ${line}`).join('')}`,
    lines: 1,
    section: [
      'mode http',
      `retry-on ${retryOn}`,
      'retries 2',
      'timeout server 250ms',
      'server s 127.0.0.1:ORIGIN',
      ...section,
    ],
    run: async (stage, open) => {
      failing(times, failures[failure]!)(stage);
      const client = await ask(await open(), 'x');
      return [bytesOf(client), fateOf(client), ...served(stage)];
    },
  };
}

/** The second request of a client meets a connection that dies before an answer. */
function dying(name: string, head: string, ...section: readonly string[]): LinkScenario {
  return {
    name,
    lines: 2,
    section: ['mode http', 'server s 127.0.0.1:ORIGIN', ...section],
    run: async (stage, open) => {
      stage.onConnection = (peer) => {
        peer.socket.on('data', () => {
          if (stage.origin.indexOf(peer) === 0)
            peer.socket.end(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
          else peer.socket.end();
        });
      };
      const client = await ask(await open(), '1');
      client.send(head);
      await client.see(/^end|^reset/);
      return [bytesOf(client), ...served(stage)];
    },
  };
}

function header(words: string, mode: 'tcp' | 'http', ...section: readonly string[]): LinkScenario {
  return {
    name: `${words}, mode ${mode}${section.map((line) => `, ${line}`).join('')}`,
    lines: mode === 'http' ? 2 : 1,
    section: [`mode ${mode}`, `server s 127.0.0.1:ORIGIN ${words}`, ...section],
    run: async (stage, open) => {
      stage.onConnection = (peer) => {
        peer.socket.on('data', (data: Buffer) => /HTTP/.test(data.toString('latin1')) && peer.send(OK));
        peer.socket.on('end', () => peer.socket.end());
      };
      const client = await ask(await open(), '1', '2');
      await hangUp(client);
      return [bytesOf(client), ...received(stage)];
    },
  };
}

/** The origin is a SOCKS4 proxy that answers so, and the server behind it when it grants. */
function socks(name: string, pieces: readonly string[]): LinkScenario {
  return {
    name: `socks4: ${name}`,
    lines: 1,
    section: ['mode http', 'retries 0', 'server s 127.0.0.7:8080 socks4 127.0.0.1:ORIGIN send-proxy'],
    run: async (stage, open) => {
      stage.onConnection = (peer) => {
        peer.socket.on('data', (data: Buffer) => {
          if (data[0] === 4) void sendPieces(peer, pieces);
          else if (/HTTP/.test(data.toString('latin1'))) peer.send(OK);
        });
      };
      const client = await ask(await open(), 'x');
      return [bytesOf(client), ...received(stage)];
    },
  };
}

async function sendPieces(peer: Peer, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    peer.send(piece);
    await sleep(30);
  }
}

/** Where the origin sees connections come from; `ports`: those of the range. */
function source(words: string, ...section: readonly string[]): LinkScenario {
  return {
    name: `source: ${words}${section.join(', ')}`,
    lines: 3,
    section: ['mode http', `server s 127.0.0.1:ORIGIN ${words}`, 'option http-server-close', ...section],
    run: async (stage, open) => {
      const from: string[] = [];
      stage.onConnection = (peer) => {
        const { remoteAddress, remotePort = 0 } = peer.socket;
        from.push(`${remoteAddress} ${remotePort > 1024 && remotePort < 1100 ? remotePort : 'any'}`);
        answering(OK)(peer);
      };
      const client = await open('127.0.0.5');
      client.send(request('1', 'X-Forwarded-For: 127.0.0.21, 127.0.0.22\r\nX-Forwarded-For: 127.0.0.23\r\n'));
      await client.see(/\\r\\n\\r\\n/);
      await sleep(20);
      await ask(client, '2', '3');
      return [bytesOf(client), ...from.sort()];
    },
  };
}

const OPENED = '\0\x5a\0\0\0\0\0\0';

export const linkScenarios: readonly LinkScenario[] = [
  reuse('safe', 'server s 127.0.0.1:ORIGIN'),
  reuse('never', 'http-reuse never', 'server s 127.0.0.1:ORIGIN'),
  reuse('aggressive', 'http-reuse aggressive', 'server s 127.0.0.1:ORIGIN'),
  reuse('always', 'http-reuse always', 'server s 127.0.0.1:ORIGIN'),
  reuse('two servers', 'http-reuse always', 'server s 127.0.0.1:ORIGIN', 'server t 127.0.0.1:ORIGIN'),
  reuse('two servers, never', 'http-reuse never', 'server s 127.0.0.1:ORIGIN', 'server t 127.0.0.1:ORIGIN'),
  reuse(
    'two servers, never, prefer-last-server',
    'http-reuse never',
    'option prefer-last-server',
    'server s 127.0.0.1:ORIGIN',
    'server t 127.0.0.1:ORIGIN',
  ),
  reuse('http-server-close', 'http-reuse always', 'option http-server-close', 'server s 127.0.0.1:ORIGIN'),
  reuse('pool-max-conn 0', 'http-reuse always', 'server s 127.0.0.1:ORIGIN pool-max-conn 0'),
  reuse('pool-purge-delay 0', 'http-reuse always', 'server s 127.0.0.1:ORIGIN pool-purge-delay 0'),
  reuse('send-proxy', 'http-reuse always', 'server s 127.0.0.1:ORIGIN send-proxy'),
  reuse(
    'all failures are retried',
    'retry-on conn-failure empty-response response-timeout',
    'server s 127.0.0.1:ORIGIN',
  ),
  reuse('max-session-srv-conns 0', 'http-reuse never', 'max-session-srv-conns 0', 'server s 127.0.0.1:ORIGIN'),
  reuse('servers of a template', 'http-reuse always', 'server-template t 2-3 127.0.0.1:ORIGIN'),
  reuse('the port from the client, with an offset', 'http-reuse always', 'server s 127.0.0.1:OFFSET'),
  reuse('the address from the client', 'http-reuse always', 'server s 0.0.0.0:ORIGIN'),
  {
    name: 'source: usesrc client, mode tcp',
    lines: 1,
    section: ['mode tcp', 'server s 127.0.0.1:ORIGIN source 0.0.0.0 usesrc client'],
    run: async (stage, open) => {
      const client = await open('127.0.0.6');
      client.send('x');
      await waitUntil('the origin', () => stage.origin.some((peer) => bytesOf(peer) !== ''));
      const [{ socket }] = stage.origin as [Peer];
      const isSamePort = socket.remotePort === client.socket.localPort;
      socket.end('y');
      client.socket.end();
      await client.see(/^close/);
      return [bytesOf(client), `${socket.remoteAddress} ${isSamePort}`];
    },
  },
  {
    name: 'reuse: a connection with an NTLM challenge is its client’s own',
    lines: 5,
    section: ['mode http', 'http-reuse always', 'server s 127.0.0.1:ORIGIN', 'server t 127.0.0.1:ORIGIN'],
    run: async (stage, open) => {
      const challenge = 'HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM abc\r\nContent-Length: 2\r\n\r\nok';
      stage.onConnection = (peer) =>
        peer.socket.on('data', (data: Buffer) => peer.send(/a1/.test(data.toString('latin1')) ? challenge : OK));
      const a = await ask(await open(), 'a1');
      const b = await ask(await open(), 'b1', 'b2');
      await ask(a, 'a2', 'a3');
      await hangUp(b);
      return served(stage);
    },
  },
  ...Object.keys(failures).map((failure) => retry(failure, 1, 'all-retryable-errors 404')),
  ...Object.keys(failures).map((failure) => retry(failure, 5, 'all-retryable-errors 404')),
  retry('an end', 1, 'conn-failure'),
  retry('an end', 1, 'none'),
  retry('a reset', 1, 'conn-failure'),
  retry('an end', 1, 'junk-response'),
  retry('half a head', 1, 'empty-response'),
  retry('half a head', 1, 'junk-response'),
  retry('junk', 1, 'empty-response'),
  retry('silence', 1, 'empty-response'),
  retry('503', 1, '502'),
  retry('503', 1, '503', 'option redispatch', 'server t 127.0.0.1:ORIGIN'),
  retry('503', 5, '503', 'option redispatch 1', 'server t 127.0.0.1:ORIGIN'),
  retry('503', 5, '503', 'balance leastconn', 'option redispatch', 'server t 127.0.0.1:ORIGIN'),
  {
    name: 'retry-on: a request with its body, in two pieces',
    lines: 1,
    section: ['mode http', 'retry-on empty-response', 'server s 127.0.0.1:ORIGIN'],
    run: async (stage, open) => {
      failing(1, failures['an end']!)(stage);
      const client = await open();
      client.send('POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody');
      await client.see(/ok"$/);
      return [bytesOf(client), ...received(stage)];
    },
  },
  {
    name: 'retry-on: a body that has not come whole is not sent again',
    lines: 1,
    section: ['mode http', 'retry-on empty-response', 'server s 127.0.0.1:ORIGIN'],
    run: async (stage, open) => {
      failing(1, failures['an end']!)(stage);
      const client = await open();
      client.send('POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo');
      await client.see(/502/);
      return [bytesOf(client), ...received(stage)];
    },
  },
  ...['none', 'conn-failure'].map(
    (words): LinkScenario => ({
      name: `retry-on ${words}: nobody listens`,
      lines: 1,
      section: ['mode http', `retry-on ${words}`, 'retries 1', 'timeout connect 200ms', 'server s 127.0.0.1:DEAD'],
      run: async (_stage, open) => [bytesOf(await ask(await open(), 'x'))],
    }),
  ),
  {
    name: 'retries: nobody listens at the first of two, redispatch waits for its turn',
    lines: 1,
    section: [
      'mode http',
      'balance leastconn',
      'option redispatch',
      'retries 1',
      'timeout connect 200ms',
      'server s 127.0.0.1:DEAD',
      'server t 127.0.0.1:ORIGIN',
    ],
    run: async (stage, open) => {
      stage.onConnection = answering(OK);
      return [bytesOf(await ask(await open(), 'x')), ...served(stage)];
    },
  },
  dying(
    'a second request on a fresh connection that dies, POST',
    'POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
  ),
  dying('a second request on a fresh connection that dies, GET', request('2')),
  header('send-proxy', 'tcp'),
  header('send-proxy', 'http'),
  header('send-proxy-v2', 'tcp'),
  header('send-proxy-v2', 'http'),
  header('send-proxy send-proxy-v2', 'tcp'),
  header('send-proxy-v2-ssl', 'tcp'),
  header('send-proxy-v2-ssl-cn', 'tcp'),
  header('send-proxy-v2 proxy-v2-options crc32c', 'tcp'),
  header('send-proxy-v2 proxy-v2-options crc32c,ssl,cert-key,authority', 'tcp'),
  header('no-send-proxy', 'tcp', 'default-server send-proxy'),
  header('send-proxy-v2 proxy-v2-options unique-id', 'tcp', 'unique-id-format id-%ci-%fi'),
  header('send-proxy-v2 proxy-v2-options unique-id,crc32c', 'http', 'unique-id-format id-%ci-%fi'),
  socks('granted', [OPENED]),
  socks('granted in pieces', [OPENED.slice(0, 3), OPENED.slice(3)]),
  socks('refused', ['\0\x5b\0\0\0\0\0\0']),
  socks('nonsense', ['HTTP/1.0 400 Bad\r\n\r\n']),
  {
    name: 'redir: GET and HEAD are redirected, POST is not',
    lines: 3,
    section: ['mode http', 'server s 127.0.0.1:ORIGIN redir http://other.example:81'],
    run: async (stage, open) => {
      stage.onConnection = answering(OK);
      const seen: string[] = [];
      for (const line of ['GET /a/b?c=d#e', 'HEAD /', 'POST /p']) {
        const client = await open();
        client.send(`${line} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
        await client.see(/\\r\\n\\r\\n/);
        await sleep(20);
        seen.push(bytesOf(client), fateOf(client));
      }
      return [...seen, ...served(stage)];
    },
  },
  source('source 127.0.0.9'),
  source('source 127.0.0.9:1030-1039'),
  source('', 'source 127.0.0.8'),
  source('source 127.0.0.9', 'source 127.0.0.8'),
  source('source 127.0.0.9 interface lo'),
  source('source 0.0.0.0 usesrc clientip'),
  source('source 0.0.0.0 usesrc 127.0.0.30'),
  source('source 0.0.0.0 usesrc hdr_ip(x-forwarded-for)'),
  source('source 127.0.0.9 usesrc hdr_ip(x-forwarded-for,2)'),
  source('source 127.0.0.9 usesrc hdr_ip(x-forwarded-for,-3)'),
  source('source 127.0.0.9 usesrc hdr_ip(no-such-field)'),
  source('tfo tcp-ut 5s', 'option srvtcpka', 'srvtcpka-idle 20s', 'srvtcpka-cnt 3', 'srvtcpka-intvl 5s'),
];
