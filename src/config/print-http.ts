/** Records about HTTP messages as lines again; see print-haproxy.ts. */
import { printForwarded } from './forwarded.ts';
import type { GlobalConf } from './haproxy.ts';
import type { ErrorPageConf, HttpOptions, OriginalTo } from './http-options.ts';

interface SidedLine {
  readonly side: 'any' | 'front' | 'back';
  readonly key: string;
  readonly line: string;
}

type Flag = { [K in keyof HttpOptions]: HttpOptions[K] extends boolean ? K : never }[keyof HttpOptions];

const flags: readonly (readonly [Flag, SidedLine['side'], string])[] = [
  ['acceptUnsafeRequests', 'any', 'option accept-invalid-http-request'],
  ['acceptUnsafeResponses', 'any', 'option accept-invalid-http-response'],
  ['bufferRequest', 'any', 'option http-buffer-request'],
  ['httpNoDelay', 'any', 'option http-no-delay'],
  ['pretendKeepalive', 'back', 'option http-pretend-keepalive'],
  ['ignoreProbes', 'front', 'option http-ignore-probes'],
  ['useProxyHeader', 'front', 'option http-use-proxy-header'],
  ['nolinger', 'any', 'option nolinger'],
  ['checkcache', 'back', 'option checkcache'],
  ['contstats', 'front', 'option contstats'],
  ['caseAdjustClient', 'front', 'option h1-case-adjust-bogus-client'],
  ['caseAdjustServer', 'back', 'option h1-case-adjust-bogus-server'],
];

export function printHttp(http: HttpOptions, quote: (text: string) => string): readonly SidedLine[] {
  const lines: SidedLine[] = flags.flatMap(([flag, side, line]) => (http[flag] ? [{ side, key: line, line }] : []));
  const add = (side: SidedLine['side'], key: string, line: string): number => lines.push({ side, key, line });
  if (http.dropRequestTrailers) add('back', 'request trailers', 'option http-drop-request-trailers');
  if (http.dropResponseTrailers) add('front', 'response trailers', 'option http-drop-response-trailers');
  const { restrictHeaderNames, originalto, sendNameHeader } = http;
  if (restrictHeaderNames) add('any', 'header names', `option http-restrict-req-hdr-names ${restrictHeaderNames}`);
  if (originalto) add('any', 'option originalto', printOriginalTo(originalto, quote));
  if (http.forwarded) add('back', 'option forwarded', printForwarded(http.forwarded, quote));
  if (sendNameHeader) add('back', 'http-send-name-header', `http-send-name-header ${quote(sendNameHeader)}`);
  for (const page of http.errorPages) add('any', `error ${page.status}`, printErrorPage(page, quote));
  return lines;
}

function printOriginalTo({ header, except }: OriginalTo, quote: (text: string) => string): string {
  return ['option originalto', ...except.map((network) => `except ${network}`), `header ${quote(header)}`].join(' ');
}

function printErrorPage(page: ErrorPageConf, quote: (text: string) => string): string {
  if (page.kind === 'file') return `errorfile ${page.status} ${quote(page.path)}`;
  return `errorloc${page.redirect} ${page.status} ${quote(page.location)}`;
}

export function printHeaderCases(
  { headerCases, tuneHttpLogurilen }: GlobalConf,
  quote: (text: string) => string,
): string[] {
  return [
    ...headerCases.map((name) => `h1-case-adjust ${quote(name.toLowerCase())} ${quote(name)}`),
    ...(tuneHttpLogurilen === 1023 ? [] : [`tune.http.logurilen ${tuneHttpLogurilen}`]),
  ];
}
