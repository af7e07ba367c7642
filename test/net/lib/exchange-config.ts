/** The listeners of one lane of `exchange-lanes.ts`: what the exchanges of test/net/exchanges.test.ts go through. */

export const exchangeListeners = [
  'http',
  'sclose',
  'close',
  'fwd',
  'dead',
  'none',
  'redis',
  'max',
  'noredis',
  'tcp',
  'tcpdead',
  'tcpredis',
  'tcpmax',
  'tcpslow',
  'stats',
  'asap',
] as const;

export const exchangeHead = `global
    maxconn 3000
    nbthread 1
    log 127.0.0.1:%LOG% local0
defaults
    log global
    timeout connect 150ms
    timeout client 400ms
    timeout server 400ms
    timeout queue 200ms
    timeout http-request 300ms
    timeout http-keep-alive 300ms
    retries 2
`;

const sections: Readonly<Record<(typeof exchangeListeners)[number], string>> = {
  http: 'mode http\n option httplog\n server live 127.0.0.1:%ORIGIN%',
  sclose: 'mode http\n option httplog\n option http-server-close\n server live 127.0.0.1:%ORIGIN%',
  close: 'mode http\n option httplog\n option httpclose\n server live 127.0.0.1:%ORIGIN%',
  fwd: 'mode http\n option httplog\n option forwardfor\n monitor-uri /alive\n server live 127.0.0.1:%ORIGIN%',
  dead: 'mode http\n option httplog\n server dead 127.0.0.1:%DEAD%',
  none: 'mode http\n option httplog',
  redis:
    'mode http\n option httplog\n option redispatch\n balance first\n server dead 127.0.0.1:%DEAD%\n server live 127.0.0.1:%ORIGIN%',
  max: 'mode http\n option httplog\n server live 127.0.0.1:%ORIGIN% maxconn 1',
  noredis: 'mode http\n option httplog\n balance first\n server dead 127.0.0.1:%DEAD%\n server live 127.0.0.1:%ORIGIN%',
  tcp: 'mode tcp\n option tcplog\n server live 127.0.0.1:%ORIGIN%',
  tcpdead: 'mode tcp\n option tcplog\n server dead 127.0.0.1:%DEAD%',
  tcpredis:
    'mode tcp\n option tcplog\n option redispatch\n balance first\n server dead 127.0.0.1:%DEAD%\n server live 127.0.0.1:%ORIGIN%',
  tcpmax: 'mode tcp\n option tcplog\n timeout client 2s\n timeout server 2s\n server live 127.0.0.1:%ORIGIN% maxconn 1',
  tcpslow: 'mode tcp\n option tcplog\n timeout client 2s\n timeout server 200ms\n server live 127.0.0.1:%ORIGIN%',
  stats: 'mode http\n option httplog\n stats uri /page\n stats auth a:b\n server live 127.0.0.1:%ORIGIN%',
  asap: 'mode http\n option httplog\n option logasap\n server live 127.0.0.1:%ORIGIN%',
};

export const exchangeLane = Object.entries(sections)
  .map(([name, lines]) => `listen ${name}:%LANE%\n bind 127.0.0.1:%${name}%\n ${lines}\n`)
  .join('');
