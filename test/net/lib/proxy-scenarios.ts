/**
 * Exchanges that the real HAProxy and ours must answer alike: what the client sees, what the servers see, what is
 * logged. Each scenario runs against both with its own scripted origin; numbers that depend on time are masked.
 */
import { answering, type Peer, type Stage } from './stage.ts';
import { sleep, waitUntil } from './wait.ts';

export interface Scenario {
  readonly name: string;
  /** How many log lines to wait for, 0 for none. */
  readonly lines: number;
  /** What is compared besides the log: by default what the client saw. */
  readonly run: (stage: Stage) => Promise<readonly Peer[]>;
  /** The order of the log lines matters. */
  readonly ordered?: boolean;
  /** Compare what the origin received too. */
  readonly origin?: boolean;
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const get = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';

const sessionScenarios: readonly Scenario[] = [
  // ---- mode tcp ----------------------------------------------------------------------------------------------------
  {
    name: 'tcp: both ways, client ends first',
    lines: 1,
    origin: true,
    run: async (stage) => {
      stage.onConnection = (peer) => {
        peer.socket.on('data', () => peer.send('pong'));
        peer.socket.on('end', () => peer.socket.end('bye'));
      };
      const client = await stage.open('tcp');
      client.send('ping');
      await client.see(/pong/);
      client.socket.end();
      await client.see(/^end/);
      return [client];
    },
  },
  {
    name: 'tcp: server ends first, client goes on sending',
    lines: 1,
    origin: true,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.socket.end('hello');
      const client = await stage.open('tcp');
      await client.see(/^end/);
      client.send('late');
      await waitUntil('late bytes', () => stage.origin[0]?.events.some((e) => /late/.test(e)));
      client.socket.end();
      await client.see(/^close/);
      return [client];
    },
  },
  {
    name: 'tcp: client resets',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.send('hello');
      const client = await stage.open('tcp');
      await client.see(/hello/);
      client.socket.resetAndDestroy();
      return [];
    },
  },
  {
    name: 'tcp: server resets',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) => {
        peer.send('hello');
        peer.socket.on('data', () => peer.socket.resetAndDestroy());
      };
      const client = await stage.open('tcp');
      await client.see(/hello/);
      client.send('x');
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'tcp: silence of both: the client times out first',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('tcp');
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'tcp: server timeout',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.send('hello');
      const client = await stage.open('tcpslow');
      await client.see(/^(end|reset)/);
      client.socket.end();
      return [client];
    },
  },
  {
    name: 'tcp: connection refused, retries',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('tcpdead');
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'tcp: no server at all',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('tcpnone');
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'tcp: redispatch to the live server',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.socket.end('hello');
      const client = await stage.open('tcpredis');
      await client.see(/^end/);
      client.socket.end();
      return [client];
    },
  },
  {
    name: 'tcp: queue times out',
    lines: 2,
    run: async (stage) => {
      stage.onConnection = (peer) => {
        peer.send('hello');
        peer.socket.on('end', () => peer.socket.end());
      };
      const first = await stage.open('tcpmax');
      await first.see(/hello/);
      const second = await stage.open('tcpmax');
      await second.see(/^(end|reset)/);
      first.socket.end();
      await first.see(/^end/);
      return [second];
    },
  },
  {
    name: 'tcp: queue moves on',
    lines: 2,
    run: async (stage) => {
      stage.onConnection = (peer) => {
        peer.send('hello');
        peer.socket.on('end', () => peer.socket.end());
      };
      const first = await stage.open('tcpmax');
      await first.see(/hello/);
      const second = await stage.open('tcpmax');
      await sleep(50);
      first.socket.end();
      await second.see(/hello/);
      second.socket.end();
      await second.see(/^end/);
      return [second];
    },
  },
  {
    name: 'tcp: client leaves while the connection is being retried',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('tcpdead');
      await sleep(40);
      client.socket.end();
      await client.see(/^(end|reset)/);
      return [];
    },
  },
  // ---- mode http ---------------------------------------------------------------------------------------------------
  {
    name: 'http: one request',
    lines: 1,
    origin: true,
    run: async (stage) => {
      stage.onConnection = answering(ok);
      const client = await stage.open('http');
      client.send(get);
      await client.see(/ok"$/);
      return [client];
    },
  },
  {
    name: 'http: three requests on one connection',
    lines: 3,
    origin: true,
    run: async (stage) => {
      stage.onConnection = answering(ok);
      const client = await stage.open('http');
      for (const n of [1, 2, 3]) {
        client.send(get.replace('/x', `/${n}`));
        await waitUntil('an answer', () => (client.events.join('').match(/200 OK/g) ?? []).length === n);
      }
      return [client];
    },
  },
  {
    name: 'http: idle client is closed silently',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = answering(ok);
      const client = await stage.open('http');
      client.send(get);
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: nothing is ever sent',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: half a head and silence',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      client.send('GET / HTTP/1.1\r\nHo');
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: half a head and gone',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      client.send('GET / HTTP/1.1\r\nHo');
      await sleep(30);
      client.socket.end();
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: connected and gone without a byte',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      client.socket.end();
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: server says nothing',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      client.send(get);
      await client.see(/504/);
      return [client];
    },
  },
  {
    name: 'http: server closes without an answer',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.socket.on('data', () => peer.socket.end());
      const client = await stage.open('http');
      client.send(get);
      await client.see(/502/);
      return [client];
    },
  },
  {
    name: 'http: server resets instead of an answer',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.socket.on('data', () => peer.socket.resetAndDestroy());
      const client = await stage.open('http');
      client.send(get);
      await client.see(/502/);
      return [client];
    },
  },
  {
    name: 'http: server answers nonsense',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = answering('SMTP ready\r\n\r\n');
      const client = await stage.open('http');
      client.send(get);
      await client.see(/502/);
      return [client];
    },
  },
  {
    name: 'http: server ends in the middle of a body',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = answering('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', true);
      const client = await stage.open('http');
      client.send(get);
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: server stalls in the middle of a body',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = answering('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      const client = await stage.open('http');
      client.send(get);
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: broken chunk from the server',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n');
      const client = await stage.open('http');
      client.send(get);
      await client.see(/^(end|reset)/);
      return [];
    },
  },
  {
    name: 'http: body until the server closes',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = answering('HTTP/1.1 200 OK\r\n\r\nall of it', true);
      const client = await stage.open('http');
      client.send(get);
      await client.see(/^end/);
      return [client];
    },
  },
  {
    name: 'http: client half-closes and still gets its answer',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.socket.on('data', () => setTimeout(() => peer.send(ok), 60));
      const client = await stage.open('http');
      client.send(get);
      client.socket.end();
      await client.see(/^end/);
      return [client];
    },
  },
  {
    name: 'http: body does not come',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: client leaves in the middle of its body',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
      await waitUntil('half a body', () => stage.origin[0]?.events.some((e) => /half/.test(e)));
      client.socket.end();
      await client.see(/^(end|reset)/);
      return [client];
    },
  },
  {
    name: 'http: chunked request body is passed on',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) =>
        peer.socket.on('data', () => {
          if (/0\\r\\n\\r\\n"/.test(peer.events.at(-1)!)) peer.send(ok);
        });
      const client = await stage.open('http');
      client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
      await sleep(30);
      client.send('0\r\n\r\n');
      await client.see(/ok"$/);
      return [client];
    },
  },
  {
    name: 'http: early answer to an unfinished body',
    lines: 2,
    run: async (stage) => {
      stage.onConnection = answering('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
      const client = await stage.open('http');
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf');
      await client.see(/413/);
      client.send('x'.repeat(996));
      client.send(get);
      await waitUntil('two answers', () => (client.events.join('').match(/413/g) ?? []).length === 2);
      return [client];
    },
  },
  {
    name: 'http: upgrade becomes a tunnel',
    lines: 1,
    origin: true,
    run: async (stage) => {
      stage.onConnection = (peer) => {
        peer.socket.once('data', () => {
          peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
          peer.socket.on('data', (data) => peer.send(data.toString('latin1')));
          peer.socket.on('end', () => peer.socket.end());
        });
      };
      const client = await stage.open('http');
      client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      await client.see(/101/);
      client.send('anything\0at all');
      await client.see(/at all/);
      client.socket.end();
      await client.see(/^end/);
      return [client];
    },
  },
  {
    name: 'http: upgrade that the server does not want',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = answering(ok);
      const client = await stage.open('http');
      client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      await client.see(/ok"$/);
      return [client];
    },
  },
  {
    name: 'http: CONNECT',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) => {
        peer.socket.once('data', () => {
          peer.send('HTTP/1.1 200 Connected\r\n\r\n');
          peer.socket.on('data', (data) => peer.send(data.toString('latin1')));
          peer.socket.on('end', () => peer.socket.end());
        });
      };
      const client = await stage.open('http');
      client.send('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
      await client.see(/200/);
      client.send('tunnelled');
      await client.see(/tunnelled/);
      client.socket.end();
      await client.see(/^end/);
      return [client];
    },
  },
  {
    name: 'http: continue, then the answer',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = (peer) =>
        peer.socket.on('data', () => {
          const text = peer.events.join('');
          peer.send(/body/.test(text) ? ok : 'HTTP/1.1 100 Continue\r\n\r\n');
        });
      const client = await stage.open('http');
      client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
      await client.see(/100 Continue/);
      client.send('body');
      await client.see(/ok"$/);
      return [client];
    },
  },
  {
    name: 'http: HEAD and 304 have no body',
    lines: 2,
    run: async (stage) => {
      stage.onConnection = (peer) =>
        peer.socket.on('data', (data) =>
          peer.send(
            data.toString().startsWith('HEAD')
              ? 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n'
              : 'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n',
          ),
        );
      const client = await stage.open('http');
      client.send('HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.see(/200/);
      client.send(get);
      await client.see(/304/);
      return [client];
    },
  },
  {
    name: 'http: pipelined requests are answered in order',
    lines: 3,
    run: async (stage) => {
      stage.onConnection = (peer) =>
        peer.socket.on('data', (data) => {
          const path = /\/(\d)/.exec(data.toString())![1];
          peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${path}`);
        });
      const client = await stage.open('http');
      client.send(['/1', '/2', '/3'].map((path) => get.replace('/x', path)).join(''));
      await client.see(/3"$/);
      return [client];
    },
  },
  {
    name: 'http: bad request',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      client.send('GET / HTTP/1.1\r\nHost : a\r\n\r\n');
      await client.see(/^end/);
      return [client];
    },
  },
  {
    name: 'http: head too large',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('http');
      client.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(17000)}\r\n\r\n`);
      await client.see(/400/);
      return [];
    },
  },
  {
    name: 'http: no server',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('httpnone');
      client.send(get);
      await client.see(/503/);
      return [client];
    },
  },
  {
    name: 'http: connection refused',
    lines: 1,
    run: async (stage) => {
      const client = await stage.open('httpdead');
      client.send(get);
      await client.see(/503/);
      return [client];
    },
  },
  {
    name: 'http: redispatch',
    lines: 1,
    run: async (stage) => {
      stage.onConnection = answering(ok);
      const client = await stage.open('httpredis');
      client.send(get);
      await client.see(/ok"$/);
      return [client];
    },
  },
  {
    name: 'http: queue times out',
    lines: 2,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.socket.on('data', () => setTimeout(() => peer.send(ok), 400));
      const first = await stage.open('httpmax');
      first.send(get);
      await sleep(40);
      const second = await stage.open('httpmax');
      second.send(get);
      await second.see(/503/);
      await first.see(/ok"$/);
      return [first, second];
    },
  },
  {
    name: 'http: queue moves on',
    lines: 2,
    run: async (stage) => {
      stage.onConnection = (peer) => peer.socket.on('data', () => setTimeout(() => peer.send(ok), 80));
      const first = await stage.open('httpmax');
      first.send(get);
      await sleep(30);
      const second = await stage.open('httpmax');
      second.send(get);
      await second.see(/ok"$/);
      return [first, second];
    },
  },
  {
    name: 'http: option httpclose',
    lines: 1,
    origin: true,
    run: async (stage) => {
      stage.onConnection = answering(ok);
      const client = await stage.open('httpclose');
      client.send(get);
      await client.see(/^end/);
      return [client];
    },
  },
  {
    name: 'http: option http-server-close',
    lines: 2,
    origin: true,
    run: async (stage) => {
      stage.onConnection = answering(ok);
      const client = await stage.open('httpsclose');
      client.send(get);
      await client.see(/ok"$/);
      client.send(get);
      await waitUntil('two answers', () => (client.events.join('').match(/200 OK/g) ?? []).length === 2);
      return [client];
    },
  },
  {
    name: 'http: forwarded address, not for excepted networks',
    lines: 1,
    origin: true,
    run: async (stage) => {
      stage.onConnection = answering(ok);
      const client = await stage.open('httpfwd');
      client.send('GET / HTTP/1.1\r\nHost: a\r\nX-Client: 1.2.3.4\r\n\r\n');
      await client.see(/ok"$/);
      return [client];
    },
  },
  {
    name: 'http: monitor-uri',
    lines: 0,
    run: async (stage) => {
      const client = await stage.open('httpfwd');
      client.send('GET /alive HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.see(/200/);
      return [client];
    },
  },
];

/** One request on a connection of its own from each address; the log tells which server each one got. */
function visit(listener: string, addresses: readonly string[], withholding = false): Scenario['run'] {
  return async (stage) => {
    stage.onConnection = withholding ? () => {} : answering(ok);
    for (const address of addresses) {
      const client = await stage.open(listener, address);
      client.send(get);
      if (withholding) await sleep(25);
      else {
        await client.see(/ok"$/);
        client.socket.end();
        await client.see(/^close/);
      }
    }
    return [];
  };
}

const once = (count: number): string[] => Array.from({ length: count }, () => '127.0.0.1');
const neighbours = Array.from({ length: 12 }, (_, i) => `127.${i * 19}.${i * 7}.${i + 1}`);

const balanceScenarios: readonly Scenario[] = [
  { name: 'balance: roundrobin, equal weights', lines: 7, ordered: true, run: visit('rr', once(7)) },
  { name: 'balance: roundrobin, weights', lines: 12, ordered: true, run: visit('rrw', once(12)) },
  { name: 'balance: roundrobin, other weights', lines: 22, ordered: true, run: visit('rrx', once(22)) },
  { name: 'balance: static-rr, weights', lines: 12, ordered: true, run: visit('staticrr', once(12)) },
  { name: 'balance: source, map', lines: 12, ordered: true, run: visit('source', neighbours) },
  { name: 'balance: source, map, weights', lines: 12, ordered: true, run: visit('sourcew', neighbours) },
  { name: 'balance: first', lines: 3, ordered: true, run: visit('first', once(3)) },
  {
    name: 'balance: the first backup when no other server is there',
    lines: 3,
    ordered: true,
    run: visit('backup', once(3)),
  },
  { name: 'balance: all backups', lines: 4, ordered: true, run: visit('backups', once(4)) },
  { name: 'balance: weight 0 gets nothing', lines: 3, ordered: true, run: visit('drained', once(3)) },
  { name: 'balance: leastconn under open sessions', lines: 6, ordered: true, run: visit('least', once(6), true) },
];

export const scenarios: readonly Scenario[] = [...sessionScenarios, ...balanceScenarios];

/** The configuration of all scenarios. `ports` in the order of `names`. */
export const names = [
  'rr',
  'rrw',
  'rrx',
  'staticrr',
  'source',
  'sourcew',
  'first',
  'backup',
  'backups',
  'drained',
  'least',
  'tcp',
  'tcpslow',
  'tcpdead',
  'tcpnone',
  'tcpredis',
  'tcpmax',
  'http',
  'httpnone',
  'httpdead',
  'httpredis',
  'httpmax',
  'httpclose',
  'httpsclose',
  'httpfwd',
] as const;

export function scenarioConfig(
  ports: Readonly<Record<string, number>>,
  origin: number,
  dead: number,
  syslog: number,
): string {
  const listen = (name: string, lines: string): string =>
    `listen ${name}\n    bind 127.0.0.1:${ports[name]}\n${lines}\n`;
  const live = `    server live 127.0.0.1:${origin}`;
  const gone = `    server dead 127.0.0.1:${dead}`;
  const server = (name: string, options = ''): string => `    server ${name} 127.0.0.1:${origin} ${options}\n`;
  const tcp = '    mode tcp\n    option tcplog\n';
  const http = '    mode http\n    option httplog\n';
  return `global
    maxconn 500
    nbthread 1
    log 127.0.0.1:${syslog} local0
defaults
    log global
    timeout connect 150ms
    timeout client 300ms
    timeout server 500ms
    timeout queue 200ms
    timeout http-request 300ms
    retries 2
${listen('tcp', tcp + live)}
${listen('tcpslow', `${tcp}    timeout client 5s\n    timeout server 200ms\n${live}`)}
${listen('tcpdead', `${tcp}    timeout client 5s\n${gone}`)}
${listen('tcpnone', tcp)}
${listen('tcpredis', `${tcp}    option redispatch\n${gone}\n${live}`)}
${listen('tcpmax', `${tcp}    timeout client 3s\n    timeout server 3s\n${live} maxconn 1`)}
${listen('http', http + live)}
${listen('httpnone', http)}
${listen('httpdead', http + gone)}
${listen('httpredis', `${http}    option redispatch\n${gone}\n${live}`)}
${listen('httpmax', `${http}${live} maxconn 1`)}
${listen('httpclose', `${http}    option httpclose\n${live}`)}
${listen('httpsclose', `${http}    option http-server-close\n${live}`)}
${listen('rr', http + server('a') + server('b') + server('c'))}
${listen('rrw', http + server('a', 'weight 3') + server('b') + server('c', 'weight 2'))}
${listen('rrx', http + server('a', 'weight 4') + server('b', 'weight 1') + server('c', 'weight 5') + server('d', 'weight 1'))}
${listen('staticrr', `${http}    balance static-rr\n${server('a', 'weight 3')}${server('b')}${server('c', 'weight 2')}`)}
${listen('source', `${http}    balance source\n${server('a')}${server('b')}${server('c')}`)}
${listen('sourcew', `${http}    balance source\n${server('a', 'weight 10')}${server('b', 'weight 30')}${server('c', 'weight 20')}`)}
${listen('first', `${http}    balance first\n${server('a')}${server('b')}`)}
${listen('backup', http + server('a', 'disabled') + server('b', 'backup') + server('c', 'backup'))}
${listen('backups', `${http}    option allbackups\n${server('a', 'disabled')}${server('b', 'backup')}${server('c', 'backup')}`)}
${listen('drained', http + server('a', 'weight 0') + server('b'))}
${listen('least', `${http}    balance leastconn\n    timeout server 400ms\n${server('a')}${server('b')}${server('c', 'weight 2')}`)}
${listen('httpfwd', `${http}    monitor-uri /alive\n    option forwardfor except 10.0.0.0/8 header X-Client\n${live}`)}
`;
}
