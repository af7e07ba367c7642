/** Records about the choice of servers as lines of a proxy and words of a `server` line. Only what is not built in. */
import type { Balance, HashType } from './balance.ts';
import type { ProxyConf, ServerConf } from './haproxy.ts';

type Quote = (text: string) => string;

/** Always: what holds without it depends on the release. */
export function printBalance(balance: Balance, quote: Quote): string[] {
  return [`balance ${wordsOf(balance, quote)}`];
}

function wordsOf(balance: Balance, quote: Quote): string {
  switch (balance.algorithm) {
    case 'random':
      return `random(${balance.draws})`;
    case 'uri':
      return printUri(balance);
    case 'url_param':
      return `url_param ${quote(balance.name)}${balance.checkPost ? ' check_post' : ''}`;
    case 'hdr':
      return `${quote(`hdr(${balance.name})`)}${balance.domainOnly ? ' use_domain_only' : ''}`;
    case 'rdp-cookie':
      return quote(`rdp-cookie(${balance.name})`);
    case 'hash':
      return `hash ${quote(balance.expression.text)}`;
    case 'log-hash':
      return `log-hash ${quote(balance.converters.text)}`;
    default:
      return balance.algorithm;
  }
}

function printUri(balance: Extract<Balance, { algorithm: 'uri' }>): string {
  const { whole, pathOnly, len, depth } = balance;
  const words = ['uri'];
  if (whole) words.push('whole');
  if (pathOnly) words.push('path-only');
  if (len > 0) words.push(`len ${len}`);
  if (depth > 0) words.push(`depth ${depth}`);
  return words.join(' ');
}

export function printHashType({ method, function: name, avalanche }: HashType): string[] {
  if (method === 'map-based' && name === 'sdbm' && !avalanche) return [];
  if (method === 'consistent' && name === 'sdbm' && avalanche) return ['hash-type consistent'];
  return [`hash-type ${method} ${name}${avalanche ? ' avalanche' : ''}`];
}

export function printHashBounds({ hashType: { balanceFactor, affinity } }: ProxyConf): string[] {
  return [
    ...(balanceFactor === 0 ? [] : [`hash-balance-factor ${balanceFactor}`]),
    ...(affinity === 'always' ? [] : [`hash-preserve-affinity ${affinity}`]),
  ];
}

export function printServerBalance(server: ServerConf): string[] {
  const words: string[] = [];
  if (server.slowstartMs > 0) words.push(`slowstart ${server.slowstartMs}ms`);
  if (server.hashKey !== 'id') words.push(`hash-key ${server.hashKey}`);
  return words;
}
