/**
 * Log profiles as records: what lines of a target look like at each step of a session's life, where that is otherwise than
 * the proxy says (manual, chapter 3 "Log profiles"). Made of sections and printed again here.
 */
import type { Diagnostics } from '../../grammar/diagnostic.ts';
import type { LogProfileNode } from '../../grammar/haproxy/log-profile-settings.ts';
import type { LogNode } from '../../grammar/haproxy/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import type { LogProfileConf } from './logging.ts';
import { type FormatUse, resolveLogFormat } from './resolve-log-format.ts';

export type LogProfiles = ReadonlyMap<string, LogProfileConf>;

export function resolveLogProfiles(nodes: readonly LogProfileNode[], diagnostics: Diagnostics): LogProfiles {
  const profiles = new Map<string, LogProfileConf>();
  for (const { name, at, settings } of nodes) {
    if (profiles.has(toUtf8(name))) {
      diagnostics.error('duplicate-log-profile', at, `log-profile section '${name}' already exists.`);
      continue;
    }
    // Whatever proxy uses it: what a mode does not have is empty there.
    const use = (keyword: string): FormatUse => ({ keyword, mode: 'http', diagnostics });
    const steps = [...settings.steps].map(([step, { drop, format, data }]) => {
      const made = format && resolveLogFormat(format, use(`on ${step} format`));
      return [step, { drop, format: made, data: data && resolveLogFormat(data, use(`on ${step} sd`)) }] as const;
    });
    const tag = settings.tag === undefined ? null : toUtf8(settings.tag);
    profiles.set(toUtf8(name), { name: toUtf8(name), tag, steps: Object.fromEntries(steps) });
  }
  return profiles;
}

/** The profile that a `log` line names. */
export function findLogProfile(
  { profile }: LogNode,
  profiles: LogProfiles,
  diagnostics: Diagnostics,
): LogProfileConf | null {
  if (profile === undefined) return null;
  const found = profiles.get(toUtf8(profile.text));
  if (found !== undefined) return found;
  const suggestion = nearestWord(profile.text, profiles.keys());
  const message = `log : unknown log profile '${profile.text}'.`;
  diagnostics.error('unknown-log-profile', profile.at, message, suggestion ? { suggestion } : {});
  return null;
}

/** The lines of a section, its header first. */
export function printLogProfile({ name, tag, steps }: LogProfileConf, quote: (text: string) => string): string[] {
  const lines = Object.entries(steps).map(([step, { drop, format, data }]) => {
    const words = [drop && 'drop', format && `format ${quote(format.text)}`, data && `sd ${quote(data.text)}`];
    return ['on', step, ...words.filter((word) => word !== false && word !== null)].join(' ');
  });
  return [`log-profile ${quote(name)}`, ...(tag === null ? [] : [`log-tag ${quote(tag)}`]), ...lines];
}
