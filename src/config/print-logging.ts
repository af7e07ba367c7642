/** Records about log lines as lines of a configuration again; see print-haproxy.ts. */
import { FACILITIES, LEVELS } from '../../grammar/haproxy/keywords/log.ts';
import type { LogAddress, LogTarget } from './haproxy.ts';
import type { LoggingConf, LogSample, LogServerConf, NamedLogFormat, RingConf } from './logging.ts';

type Quote = (text: string) => string;

export interface FormatLine {
  readonly key: string;
  readonly line: string;
}

const NAMED: Readonly<Record<NamedLogFormat, string | null>> = {
  default: null,
  tcplog: 'option tcplog',
  'tcplog clf': 'option tcplog clf',
  httplog: 'option httplog',
  clf: 'option httplog clf',
  httpslog: 'option httpslog',
};

export function printLogging(conf: LoggingConf, quote: Quote): FormatLine[] {
  const { logFormat, logFormatSd, errorLogFormat, logSteps } = conf;
  const lines: FormatLine[] = [];
  const named = typeof logFormat === 'string' ? NAMED[logFormat] : `log-format ${quote(logFormat.text)}`;
  if (named !== null) lines.push({ key: 'log format', line: named });
  if (logFormatSd) lines.push({ key: 'log-format-sd', line: `log-format-sd ${quote(logFormatSd.text)}` });
  if (errorLogFormat) lines.push({ key: 'error-log-format', line: `error-log-format ${quote(errorLogFormat.text)}` });
  if (logSteps) lines.push({ key: 'log-steps', line: `log-steps ${logSteps.join(',')}` });
  return lines;
}

export function printLog(log: LogTarget, quote: Quote): string {
  const { address, format, len, sample, profile, facility, level, minLevel } = log;
  const words = [
    'log',
    quote(printAddress(address)),
    len !== 1024 && `len ${len}`,
    format !== 'rfc3164' && `format ${format}`,
    sample !== null && `sample ${printSample(sample)}`,
    profile !== null && `profile ${quote(profile.name)}`,
    FACILITIES[facility]!,
    (level !== 7 || minLevel !== 0) && LEVELS[level]!,
    minLevel !== 0 && LEVELS[minLevel]!,
  ];
  return words.filter((word) => word !== false).join(' ');
}

function printSample({ ranges, size }: LogSample): string {
  return `${ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(',')}:${size}`;
}

function printAddress(address: LogAddress): string {
  switch (address.kind) {
    case 'unix':
      return `unix@${address.path}`;
    case 'fd':
      return `fd@${address.fd}`;
    case 'ring':
    case 'backend':
      return `${address.kind}@${address.name}`;
    case 'udp':
      return printIp(address.host, address.port);
  }
}

function printIp(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The lines of a `ring` section, its header first. */
export function printRing(ring: RingConf, quote: Quote): string[] {
  const servers = ring.servers.map(({ name, address, framing }) => {
    const at = address.kind === 'unix' ? `unix@${address.path}` : printIp(address.host, address.port);
    return `server ${quote(name)} ${quote(at)}${framing === 'legacy' ? '' : ` log-proto ${framing}`}`;
  });
  return [
    `ring ${quote(ring.name)}`,
    ...(ring.description === null ? [] : [`description ${quote(ring.description)}`]),
    `format ${ring.format}`,
    ...(ring.size === RING_SIZE ? [] : [`size ${ring.size}`]),
    ...(ring.backingFile === null ? [] : [`backing-file ${quote(ring.backingFile)}`]),
    ...(ring.maxlen === null ? [] : [`maxlen ${ring.maxlen}`]),
    ...(ring.connectMs === null ? [] : [`timeout connect ${ring.connectMs}ms`]),
    ...(ring.serverMs === null ? [] : [`timeout server ${ring.serverMs}ms`]),
    ...servers,
  ];
}

/** HAProxy's BUFSIZE. */
const RING_SIZE = 16384;

/** Words of a `server` line. */
export function printLogServer(log: LogServerConf | null): string[] {
  if (log?.transport !== 'stream') return [];
  return [
    ...(log.framing === 'legacy' ? [] : [`log-proto ${log.framing}`]),
    ...(log.bufsize === RING_SIZE ? [] : [`log-bufsize ${log.bufsize}`]),
  ];
}
