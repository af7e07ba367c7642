/**
 * Lines of a printed keepalived.conf: words, blocks and the forms that several blocks share. What is printed is the
 * business of print-keepalived.ts and print-virtual-servers.ts.
 */
import type { ScriptConf } from './keepalived.ts';

/** A block with its lines indented. */
export function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];
}

/** Nothing when there are no lines. */
export function listOf(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : block(head, lines);
}

export function when(condition: boolean, ...lines: string[]): string[] {
  return condition ? lines : [];
}

/** `keyword value`, or nothing when the value is absent. */
export function optional(keyword: string, value: string | number | null): string[] {
  if (value === null) return [];
  return [`${keyword} ${typeof value === 'number' ? value : quote(value)}`];
}

/** A word: no quotes can be in it, since none can be written. */
export function quote(text: string): string {
  return /^[\w.:/@%+=*,^~-]+$/.test(text) && !/^[~@]/.test(text) ? text : `"${text}"`;
}

/** Seconds, with the decimals that are needed. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(6).replace(/\.?0+$/, '');
}

/** A command line is read twice, the second time with escapes. */
export function command(script: ScriptConf): string {
  const escaped = script.text
    .replaceAll('\\', '\\\\')
    .replace(/["$\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

/** A keyword and its words; those that are absent are left out. */
export function words(keyword: string, ...rest: readonly (string | null)[]): string {
  return [keyword, ...rest.flatMap((each) => (each === null ? [] : [quote(each)]))].join(' ');
}

export function printWeight(weight: number, reverse: boolean): string {
  return `weight ${weight}${reverse ? ' reverse' : ''}`;
}

export function printScript(keyword: string, script: ScriptConf | null): string[] {
  if (!script) return [];
  const owner = [script.user, script.group].flatMap((each) => (each === null ? [] : [quote(each)]));
  return [[keyword, command(script), ...owner].join(' ')];
}
