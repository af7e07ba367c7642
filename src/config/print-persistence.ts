/** Records about persistence, captures and unique ids as lines again; see print-haproxy.ts. */
import type {
  AppsessionConf,
  CaptureConf,
  CapturesConf,
  CookieConf,
  PersistenceConf,
  UniqueIdConf,
} from './persistence.ts';

interface SidedLine {
  readonly side: 'any' | 'front' | 'back';
  readonly key: string;
  readonly line: string;
}

/** What a `defaults` section could say as well. */
export function printPersistence(
  { cookie, dynamicCookieKey, persist, appsession }: PersistenceConf,
  uniqueId: UniqueIdConf | null,
  quote: (text: string) => string,
): readonly SidedLine[] {
  const lines: SidedLine[] = [];
  const add = (side: SidedLine['side'], key: string, line: string): number => lines.push({ side, key, line });
  if (cookie) add('back', 'cookie', printCookie(cookie, quote));
  if (dynamicCookieKey !== null) add('back', 'dynamic-cookie-key', `dynamic-cookie-key ${quote(dynamicCookieKey)}`);
  if (persist) add('back', 'option persist', 'option persist');
  if (appsession) add('any', 'appsession', printAppsession(appsession, quote));
  if (uniqueId) add('any', 'unique-id-format', `unique-id-format ${quote(uniqueId.format.text)}`);
  if (uniqueId?.header) add('front', 'unique-id-header', `unique-id-header ${quote(uniqueId.header)}`);
  return lines;
}

function printCookie(cookie: CookieConf, quote: (text: string) => string): string {
  const flags = ['indirect', 'nocache', 'postonly', 'preserve', 'httponly', 'secure', 'dynamic'] as const;
  return [
    'cookie',
    quote(cookie.name),
    ...(cookie.mode === 'passive' ? [] : [cookie.mode]),
    ...flags.filter((flag) => cookie[flag]),
    ...cookie.domains.flatMap((domain) => ['domain', quote(domain)]),
    ...(cookie.maxIdle > 0 ? [`maxidle ${cookie.maxIdle}`] : []),
    ...(cookie.maxLife > 0 ? [`maxlife ${cookie.maxLife}`] : []),
    ...cookie.attributes.flatMap((attribute) => ['attr', quote(attribute)]),
  ].join(' ');
}

function printAppsession(appsession: AppsessionConf, quote: (text: string) => string): string {
  const { name, length, timeoutMs, requestLearn, prefix, place } = appsession;
  return [
    `appsession ${quote(name)} len ${length} timeout ${timeoutMs}ms`,
    ...(requestLearn ? ['request-learn'] : []),
    ...(prefix ? ['prefix'] : []),
    ...(place === 'query-string' ? ['mode query-string'] : []),
  ].join(' ');
}

/** Captures stand in their section only. */
export function printCaptures(captures: CapturesConf, quote: (text: string) => string): readonly string[] {
  const print = (what: string) => (capture: CaptureConf) =>
    `capture ${what} ${quote(capture.name)} len ${capture.length}`;
  return [
    ...(captures.cookie ? [print('cookie')(captures.cookie)] : []),
    ...captures.requestHeaders.map(print('request header')),
    ...captures.responseHeaders.map(print('response header')),
  ];
}
