/**
 * `option forwarded` as a record: the parameters of RFC 7239's header that requests to servers get (manual, 4.2). Made of
 * settings and printed again here.
 */
import type { Diagnostics } from '../../grammar/diagnostic.ts';
import type { ForwardedPart, ForwardedSettings } from '../../grammar/haproxy/http-settings.ts';
import type { Value } from '../../grammar/haproxy/keyword.ts';
import type { SampleExpression } from './log-format.ts';
import { resolveSample } from './resolve-log-format.ts';

/** `own`: what the connection or the request tells; else the expression's value. Null: not written. */
export type ForwardedSource = 'own' | SampleExpression | null;

export interface ForwardedConf {
  readonly proto: boolean;
  readonly host: ForwardedSource;
  readonly by: ForwardedSource;
  /** Of no account without `by`. */
  readonly byPort: ForwardedSource;
  readonly for: ForwardedSource;
  readonly forPort: ForwardedSource;
}

export function resolveForwarded(
  settings: ForwardedSettings | null | undefined,
  diagnostics: Diagnostics,
): ForwardedConf | null {
  if (!settings) return null;
  const source = (from: 'own' | Value | undefined): ForwardedSource => {
    if (from === undefined || from === 'own') return from ?? null;
    return resolveSample(from, { keyword: 'option forwarded', diagnostics });
  };
  return {
    proto: settings.proto ?? false,
    host: source(settings.host),
    by: source(settings.by),
    byPort: source(settings.byPort),
    for: source(settings.for),
    forPort: source(settings.forPort),
  };
}

const words: readonly (readonly [ForwardedPart, string])[] = [
  ['host', 'host'],
  ['by', 'by'],
  ['byPort', 'by_port'],
  ['for', 'for'],
  ['forPort', 'for_port'],
];

export function printForwarded(conf: ForwardedConf, quote: (text: string) => string): string {
  const printed = words.flatMap(([part, name]) => {
    const source = conf[part];
    if (source === null) return [];
    return source === 'own' ? [name] : [`${name}-expr ${quote(source.text)}`];
  });
  return ['option forwarded', ...(conf.proto ? ['proto'] : []), ...printed].join(' ');
}
