/** Records about connections to servers, as words of `server` lines and lines of proxies. Only what is not built in. */
import {
  defaultProxyLink,
  defaultServerLink,
  type InitMethodConf,
  type KeepAliveProbes,
  type ProxyLink,
  type RetryOn,
  type ServerLink,
  type SourceConf,
  type UseSourceConf,
} from './server-link.ts';

type Quote = (text: string) => string;

export function printServerLink(link: ServerLink, quote: Quote): string[] {
  const none = defaultServerLink;
  const { proxyHeader, source, socks4, userTimeoutMs, namespace, redirectPrefix } = link;
  const words: string[] = [];
  if (proxyHeader !== null) words.push(proxyHeader.version === 1 ? 'send-proxy' : 'send-proxy-v2');
  if (proxyHeader !== null && proxyHeader.options.length > 0)
    words.push(`proxy-v2-options ${proxyHeader.options.join(',')}`);
  for (const { type, format } of link.proxyFields) {
    words.push(`set-proxy-v2-tlv-fmt(${type}) ${quote(format.text)}`);
  }
  if (source !== null) words.push(printSource(source, quote));
  if (socks4 !== null) words.push(`socks4 ${printIp(socks4.host, socks4.port)}`);
  if (link.checkSendProxy) words.push('check-send-proxy');
  if (link.checkViaSocks4) words.push('check-via-socks4');
  if (link.fastOpen) words.push('tfo');
  if (userTimeoutMs !== null) words.push(`tcp-ut ${userTimeoutMs}ms`);
  if (namespace !== null) words.push(`namespace ${quote(namespace)}`);
  if (redirectPrefix !== null) words.push(`redir ${quote(redirectPrefix)}`);
  const initAddr = link.initAddr.map(printInitMethod).join(',');
  if (initAddr !== none.initAddr.map(printInitMethod).join(',')) words.push(`init-addr ${initAddr}`);
  if (link.poolMaxConn !== none.poolMaxConn) words.push(`pool-max-conn ${link.poolMaxConn}`);
  if (link.poolLowConn !== none.poolLowConn) words.push(`pool-low-conn ${link.poolLowConn}`);
  if (link.poolPurgeDelayMs !== none.poolPurgeDelayMs) words.push(`pool-purge-delay ${link.poolPurgeDelayMs}ms`);
  if (link.maxReuse !== none.maxReuse) words.push(`max-reuse ${link.maxReuse}`);
  if (link.connectionName !== null) words.push(`pool-conn-name ${quote(link.connectionName.text)}`);
  return words;
}

function printInitMethod(method: InitMethodConf): string {
  return method.kind === 'ip' ? method.host : method.kind;
}

function printIp(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function printSource(source: SourceConf, quote: Quote): string {
  const { host, firstPort, lastPort, useSource } = source;
  const ports = firstPort === lastPort ? firstPort : `${firstPort}-${lastPort}`;
  const words = ['source', host === null ? '0.0.0.0' : printIp(host, ports)];
  if (useSource !== null) words.push('usesrc', quote(printUseSource(useSource)));
  if (source.interface !== null) words.push('interface', quote(source.interface));
  return words.join(' ');
}

function printUseSource(use: UseSourceConf): string {
  if (use.kind === 'header') return `hdr_ip(${use.name},${use.occurrence})`;
  return use.kind === 'address' ? printIp(use.host, use.port) : use.kind;
}

/** Lines of a proxy, each with the side it belongs to. */
export function printProxyLink(link: ProxyLink): { readonly side: 'any' | 'front' | 'back'; readonly line: string }[] {
  const none = defaultProxyLink;
  const lines: { side: 'any' | 'front' | 'back'; line: string }[] = [];
  const back = (isSet: boolean, line: string) => isSet && lines.push({ side: 'back', line });
  back(link.httpReuse !== none.httpReuse, `http-reuse ${link.httpReuse}`);
  const retryOn = printRetryOn(link.retryOn);
  back(retryOn !== printRetryOn(none.retryOn), `retry-on ${retryOn}`);
  back(link.smartConnect, 'option tcp-smart-connect');
  back(link.preferLastServer, 'option prefer-last-server');
  back(link.maxKeepAliveQueue !== none.maxKeepAliveQueue, `max-keep-alive-queue ${link.maxKeepAliveQueue}`);
  if (link.httpNoDelay) lines.push({ side: 'any', line: 'option http-no-delay' });
  const { maxSessionServerConns } = link;
  if (maxSessionServerConns !== none.maxSessionServerConns)
    lines.push({ side: 'front', line: `max-session-srv-conns ${maxSessionServerConns}` });
  for (const line of printProbes('clitcpka', link.clientProbes)) lines.push({ side: 'front', line });
  for (const line of printProbes('srvtcpka', link.serverProbes)) lines.push({ side: 'back', line });
  return lines;
}

function printProbes(name: string, probes: KeepAliveProbes): string[] {
  const lines: string[] = [];
  if (probes.count !== null) lines.push(`${name}-cnt ${probes.count}`);
  if (probes.idleSeconds !== null) lines.push(`${name}-idle ${probes.idleSeconds}s`);
  if (probes.intervalSeconds !== null) lines.push(`${name}-intvl ${probes.intervalSeconds}s`);
  return lines;
}

function printRetryOn(retryOn: RetryOn): string {
  const words = [
    retryOn.connFailure && 'conn-failure',
    retryOn.emptyResponse && 'empty-response',
    retryOn.junkResponse && 'junk-response',
    retryOn.responseTimeout && 'response-timeout',
    retryOn.earlyDataRejected && '0rtt-rejected',
    ...retryOn.statuses,
  ].filter((word) => word !== false);
  return words.length === 0 ? 'none' : words.join(' ');
}
