/** `option <name>` (manual, chapter 4.2). Check methods are in `checks.ts`. */
import { type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import type { ProxyNode } from '../nodes.ts';
import { anyProxy, backSide, frontSide } from './contexts.ts';
import { flagRow } from './option-flag.ts';

const proxyRow = rowsFor<ProxyNode>();

const flags: readonly KeywordRow<ProxyNode>[] = [
  flagRow('abortonclose', anyProxy, '1.3', 'abortonclose', 'Drops a queued request whose client has gone.'),
  flagRow('allbackups', backSide, '1.3', 'allbackups', 'Uses all backup servers at once, not only the first.'),
  flagRow('clitcpka', frontSide, '1.3', 'clitcpka', 'TCP keepalive probes towards clients.'),
  flagRow('srvtcpka', backSide, '1.3', 'srvtcpka', 'TCP keepalive probes towards servers.'),
  flagRow('dontlognull', frontSide, '1.3', 'dontlognull', 'Does not log connections without any data.'),
  flagRow('dontlog-normal', frontSide, '1.3', 'dontlogNormal', 'Logs only what went wrong.'),
  flagRow('logasap', frontSide, '1.3', 'logasap', 'Logs before the transfer has ended.'),
  flagRow('socket-stats', frontSide, '1.4', 'socketStats', 'Gives every listener a statistics line of its own.'),
  flagRow('log-separate-errors', frontSide, '1.3', 'logSeparateErrors', 'Logs failures one level up, as err.'),
  flagRow('log-health-checks', backSide, '1.4', 'logHealthChecks', 'Logs every change of a check result.'),
  flagRow('http-server-close', anyProxy, '1.4', 'httpServerClose', 'Closes the server connection after each response.'),
  flagRow('httpclose', anyProxy, '1.3', 'httpClose', 'Closes both connections after each response.'),
];

const others: readonly KeywordRow<ProxyNode>[] = [
  proxyRow('option tcpka', anyProxy, {
    since: '1.3',
    doc: 'TCP keepalive probes on both sides.',
    ok: ['option tcpka'],
    apply: setKeepAlive,
  }),
  proxyRow('option http-keep-alive', anyProxy, {
    since: '1.5',
    doc: 'Keeps both connections open after a response; undoes httpclose and http-server-close.',
    ok: ['option http-keep-alive', 'no option http-keep-alive'],
    apply: keepAlive,
    negate: keepAlive,
  }),
  proxyRow('option redispatch', backSide, {
    extra: 'free',
    since: '1.3',
    doc: 'Lets a retry go to another server when the chosen one does not answer.',
    ok: ['option redispatch', 'option redispatch 1', 'no option redispatch'],
    apply: setRedispatch,
    negate(node) {
      node.settings.redispatch = null;
    },
  }),
  proxyRow('option forwardfor', anyProxy, {
    extra: 'free',
    since: '1.3',
    doc: 'Adds X-Forwarded-For with the client address to requests.',
    ok: ['option forwardfor', 'option forwardfor except 127.0.0.0/8 header X-Client if-none'],
    bad: [
      ['option forwardfor except', 'missing-argument'],
      ['option forwardfor zork', 'bad-value'],
      ['option forwardfor except 300.0.0.1', 'bad-address'],
    ],
    apply: setForwardFor,
  }),
];

export const optionRows: readonly KeywordRow<ProxyNode>[] = [...flags, ...others];

/** An interval that is no number counts as none, as in the original. */
function setRedispatch(node: ProxyNode, call: Call): void {
  const [interval] = call.words;
  const isNumber = interval !== undefined && /^-?\d+$/.test(interval.text);
  node.settings.redispatch = isNumber ? Number(interval.text) : -1;
  if (!interval || isNumber) return;
  const message = `'option redispatch' : '${interval.text}' is not a number of retries and is not used.`;
  call.diagnostics.warning('bad-number', interval.at, message);
}

function setKeepAlive(node: ProxyNode): void {
  node.settings.clitcpka = true;
  node.settings.srvtcpka = true;
}

function keepAlive(node: ProxyNode): void {
  node.settings.httpClose = false;
  node.settings.httpServerClose = false;
}

function setForwardFor(node: ProxyNode, call: Call): void {
  let header = 'X-Forwarded-For';
  const except: string[] = [];
  let ifNone = false;
  for (let at = 0; at < call.words.length; at++) {
    const word = call.words[at]!;
    if (word.text === 'if-none') {
      ifNone = true;
      continue;
    }
    const value = call.words[++at];
    if (word.text !== 'except' && word.text !== 'header') {
      const message = `'option forwardfor' only supports optional 'except', 'header' and 'if-none' (got '${word.text}').`;
      call.fail('bad-value', word, message);
      return;
    }
    if (!value) {
      call.fail('missing-argument', word, `'option forwardfor ${word.text}' expects a value.`);
      return;
    }
    if (word.text === 'header') header = value.text;
    else if (isNetwork(value)) except.push(value.text);
    else {
      call.fail('bad-address', value, `'option forwardfor except' expects a network, not '${value.text}'.`);
      return;
    }
  }
  node.settings.forwardfor = { header, except, ifNone };
  node.httpOnly.push({ keyword: call.keyword, at: call.at });
}

/** An address or a network; IPv4 masks may be written out. */
export function isNetwork(value: Value): boolean {
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+(?:\.\d+){0,3}))?$/.exec(value.text);
  if (v4) return v4.slice(1, 5).every((octet) => Number(octet) <= 255);
  return /^[0-9a-fA-F:]+(?:\/\d+)?$/.test(value.text) && value.text.includes(':');
}
