/** Formats of a proxy's log lines, from settings to records. */
import type { LoggingConf, NamedLogFormat } from './logging.ts';
import type { MergedProxy } from './merged-proxies.ts';
import { type FormatUse, resolveLogFormat } from './resolve-log-format.ts';
import type { ResolveOptions } from './resolve-surroundings.ts';

export function resolveLogging({ kind, settings }: MergedProxy, { diagnostics }: ResolveOptions): LoggingConf {
  const { logFormat = 'default', logFormatSd, errorLogFormat, logSteps } = settings;
  const mode = settings.mode ?? 'tcp';
  const use = (keyword: string): FormatUse => ({ keyword, mode, diagnostics });
  // A backend has no lines of its own; what it inherits counts for nothing.
  const isFront = kind !== 'backend';
  const own = typeof logFormat === 'string' || !isFront ? 'default' : resolveLogFormat(logFormat, use('log-format'));
  return {
    logFormat: typeof logFormat === 'string' ? usableFormat(logFormat, mode) : own,
    logFormatSd: logFormatSd && isFront ? resolveLogFormat(logFormatSd, use('log-format-sd')) : null,
    errorLogFormat: errorLogFormat && isFront ? resolveLogFormat(errorLogFormat, use('error-log-format')) : null,
    logSteps: logSteps && isFront ? [...logSteps] : null,
  };
}

/** HTTP's lines say nothing of TCP sessions. */
function usableFormat(format: NamedLogFormat, mode: 'tcp' | 'http'): NamedLogFormat {
  return mode === 'tcp' && /^(?:httplog|httpslog|clf)$/.test(format) ? 'tcplog' : format;
}
