/** All lint rules, in the order in which they run. */
import { haproxyBackendRules } from './haproxy-backends.ts';
import type { Rule } from './rule.ts';

export const rules: readonly Rule[] = [...haproxyBackendRules];

export const ruleCodes: ReadonlySet<string> = new Set(rules.map((rule) => rule.code));

/** A rule's one line. */
export function describeRule(code: string): string | undefined {
  return rules.find((rule) => rule.code === code)?.doc;
}
