/**
 * Every timeout of a proxy with everything it can interrupt, as short plays: what HAProxy answers, which connections it
 * closes and how, and the termination state of the log line (manual, chapters 4.2 `timeout ...` and 8.5).
 */
import type { Play } from './plays.ts';

export const listeners = [
  'tcp',
  'tcpslow',
  'tcptunnel',
  'tcpfin',
  'tcpqueue',
  'tcpdead',
  'http',
  'httpslow',
  'httpreq',
  'httpka',
  'httpkadef',
  'httpqueue',
  'httptunnel',
  'httpfin',
  'httpbuf',
  'httpshort',
] as const;

const listen = (name: string, mode: 'tcp' | 'http', lines: string, server = 'server live 127.0.0.1:%ORIGIN%'): string =>
  `listen ${name}\n  bind 127.0.0.1:%${name}%\n  mode ${mode}\n  option ${mode}log\n${lines}\n  ${server}\n`;

/** One timeout a listener is short, the others are long. */
export const config = `global
  maxconn 500
  nbthread 1
  log 127.0.0.1:%LOG% local0
defaults
  log global
  retries 1
  timeout connect 300ms
  timeout client 3s
  timeout server 3s
  default-server pool-purge-delay 1m
${listen('tcp', 'tcp', '  timeout client 200ms\n  timeout server 300ms')}
${listen('tcpslow', 'tcp', '  timeout server 200ms')}
${listen('tcptunnel', 'tcp', '  timeout client 100ms\n  timeout server 100ms\n  timeout tunnel 350ms')}
${listen('tcpfin', 'tcp', '  timeout client-fin 200ms\n  timeout server-fin 300ms')}
${listen('tcpqueue', 'tcp', '  timeout queue 200ms', 'server live 127.0.0.1:%ORIGIN% maxconn 1')}
${listen('tcpdead', 'tcp', '', 'server dead 192.0.2.1:80')}
${listen('http', 'http', '  timeout server 250ms')}
${listen('httpslow', 'http', '  timeout client 250ms')}
${listen('httpreq', 'http', '  timeout http-request 250ms')}
${listen('httpka', 'http', '  timeout http-request 600ms\n  timeout http-keep-alive 200ms')}
${listen('httpkadef', 'http', '  timeout client 250ms')}
${listen('httpqueue', 'http', '  timeout queue 200ms', 'server live 127.0.0.1:%ORIGIN% maxconn 1')}
${listen('httptunnel', 'http', '  timeout client 150ms\n  timeout server 150ms\n  timeout tunnel 400ms')}
${listen('httpfin', 'http', '  timeout client-fin 200ms\n  timeout server-fin 250ms\n  timeout tunnel 2s')}
${listen('httpbuf', 'http', '  option http-buffer-request\n  timeout http-request 250ms')}
${listen('httpshort', 'http', '  timeout client 200ms\n  timeout server 250ms')}
`;

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const over = /^(end|reset)/;

export const plays: readonly Play[] = [
  { name: 'tcp: both are silent', at: 'tcp', client: [over], origin: [[]] },
  { name: 'tcp: a client that spoke is silent', at: 'tcp', client: ['x', over], origin: [[/x/]] },
  { name: 'tcp: the server spoke and is silent', at: 'tcp', client: [over], origin: [['hello']] },
  {
    name: 'tcp: the server is silent, the client ends later',
    at: 'tcpslow',
    client: [over, 100, 'fin!', 50],
    origin: [['hello']],
  },
  {
    name: 'tcp: the server is silent, the client goes on talking',
    at: 'tcpslow',
    client: [over, 100, 'x', 50, 'fin!', 50],
    origin: [['hello']],
  },
  {
    name: 'tcp: the client is silent, the server goes on talking',
    at: 'tcp',
    client: [over],
    origin: [['a', 150, 'b', 150, 'c', 150, 'd', 'fin!']],
  },
  { name: 'tcp: both keep a tunnel open', at: 'tcptunnel', client: ['x', over], origin: [[/x/, 'y']] },
  { name: 'tcp: tunnel, the client ends', at: 'tcptunnel', client: ['x', /y/, 'fin!', over], origin: [[/x/, 'y']] },
  { name: 'tcp: client-fin', at: 'tcpfin', client: ['x', over, 1200], origin: [[/x/, 'fin!']] },
  { name: 'tcp: server-fin', at: 'tcpfin', client: ['x', 'fin!', over], origin: [[/x/]] },
  {
    name: 'tcp: server-fin while the server goes on',
    at: 'tcpfin',
    client: ['x', 'fin!', over],
    origin: [[/x/, 100, 'a', 200, 'b', 200, 'c', 'fin!']],
  },
  { name: 'tcp: queue', at: 'tcpqueue', client: [over], origin: [[]] },
  { name: 'tcp: no answer to connect', at: 'tcpdead', client: [over] },
  { name: 'tcp: no answer to connect, client talks', at: 'tcpdead', client: ['x', over] },
  { name: 'http: the server does not answer', at: 'http', client: [get, over], origin: [[/GET/]] },
  {
    name: 'http: the server stops in the head',
    at: 'http',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nX: ']],
  },
  { name: 'http: the server stops in the body', at: 'http', client: [get, over], origin: [[/GET/, ok.slice(0, -1)]] },
  {
    name: 'http: the server stops between chunks',
    at: 'http',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n']],
  },
  {
    name: 'http: the server stops in a body without end',
    at: 'http',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\n\r\nok']],
  },
  {
    name: 'http: the server answers with 100 only',
    at: 'http',
    client: [get, over],
    origin: [[/GET/, 'HTTP/1.1 100 Continue\r\n\r\n']],
  },
  {
    name: 'http: the server does not answer a body on its way',
    at: 'http',
    client: [post, 'abc', over],
    origin: [[/POST/]],
  },
  {
    name: 'http: the server trickles',
    at: 'http',
    client: [get, /ok/],
    origin: [[/GET/, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n', 150, '\r\n', 150, 'o', 150, 'k']],
  },
  { name: 'http: the client says nothing', at: 'httpslow', client: [over] },
  { name: 'http: the client stops in the head', at: 'httpslow', client: ['GET / HT', over] },
  { name: 'http: the client stops in the body', at: 'httpslow', client: [post, 'abc', over], origin: [[/POST/]] },
  {
    name: 'http: client and server are silent, a body is due',
    at: 'httpshort',
    client: [post, 'abc', over],
    origin: [[/POST/]],
  },
  {
    name: 'http: the client stops in the body, which the server answers and ends',
    at: 'httpslow',
    client: [post, 'abc', over],
    origin: [[/POST/, ok, 'fin!']],
  },
  {
    name: 'http: the client stops between chunks',
    at: 'httpslow',
    client: ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', over],
    origin: [[/POST/]],
  },
  { name: 'http-request: nothing', at: 'httpreq', client: [over] },
  { name: 'http-request: half a head', at: 'httpreq', client: ['GET / HT', over] },
  {
    name: 'http-request: a head that trickles',
    at: 'httpreq',
    client: ['GET /', 100, ' HTTP/1.1\r\n', 100, 'Host: a\r\n', 100, over],
  },
  {
    name: 'http-request: the second request stops in the head',
    at: 'httpreq',
    lines: 2,
    client: [get, /ok/, 'GET / HT', over],
    origin: [[/GET/, ok]],
  },
  {
    name: 'http-request: nothing after the first request',
    at: 'httpreq',
    client: [get, /ok/, over],
    origin: [[/GET/, ok]],
  },
  {
    name: 'http-request: the body may take its time',
    at: 'httpreq',
    client: [post, 'abc', 400, '4567890', /ok/],
    origin: [[/7890/, ok]],
  },
  {
    name: 'http-keep-alive: nothing after the first request',
    at: 'httpka',
    client: [get, /ok/, over],
    origin: [[/GET/, ok]],
  },
  {
    name: 'http-keep-alive: the second request begins in time',
    at: 'httpka',
    lines: 2,
    client: [get, /ok/, 100, 'GET / HT', over],
    origin: [[/GET/, ok]],
  },
  {
    name: 'http-keep-alive: the second request comes in time',
    at: 'httpka',
    lines: 2,
    client: [get, /ok/, 100, 'GET / HTTP/1.1\r\n', 300, 'Host: b\r\n\r\n', /ok.*ok/, over],
    origin: [[/GET/, ok, /b/, ok]],
  },
  { name: 'http-keep-alive: that of the client', at: 'httpkadef', client: [get, /ok/, over], origin: [[/GET/, ok]] },
  {
    name: 'http-keep-alive: that of the client, half a head',
    at: 'httpkadef',
    lines: 2,
    client: [get, /ok/, 'GET / HT', over],
    origin: [[/GET/, ok]],
  },
  { name: 'tunnel: silence', at: 'httptunnel', client: [upgrade, /101/, over], origin: [[/GET/, switching]] },
  {
    name: 'tunnel: one talks',
    at: 'httptunnel',
    client: [upgrade, /101/, 'x', 200, 'y', 200, 'z', over],
    origin: [[/GET/, switching]],
  },
  {
    name: 'tunnel: the client ends',
    at: 'httptunnel',
    client: [upgrade, /101/, 'x', 'fin!', over],
    origin: [[/GET/, switching]],
  },
  {
    name: 'tunnel: the server ends',
    at: 'httptunnel',
    client: [upgrade, /101/, 'x', over, 900],
    origin: [[/GET/, switching, /x/, 'fin!']],
  },
  {
    name: 'tunnel: server-fin',
    at: 'httpfin',
    client: [upgrade, /101/, 'x', 'fin!', over],
    origin: [[/GET/, switching]],
  },
  {
    name: 'tunnel: client-fin',
    at: 'httpfin',
    client: [upgrade, /101/, 'x', over, 1000],
    origin: [[/GET/, switching, /x/, 'fin!']],
  },
  { name: 'http-buffer-request: no body comes', at: 'httpbuf', client: [post, over], origin: [[]] },
  { name: 'http-buffer-request: half a body', at: 'httpbuf', client: [post, 'abc', over], origin: [[]] },
  {
    name: 'http-buffer-request: the body in time',
    at: 'httpbuf',
    client: [post, 'abc', 100, '4567890', /ok/],
    origin: [[/7890/, ok]],
  },
];
