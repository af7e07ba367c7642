/** All lint rules, in the order in which they run. */

import { bothFilesRules } from './both-files.ts';
import { haproxyBackendRules } from './haproxy-backends.ts';
import { haproxyBindRules } from './haproxy-binds.ts';
import { haproxyConditionRules } from './haproxy-conditions.ts';
import { haproxySecurityRules } from './haproxy-security.ts';
import { haproxyServerRules } from './haproxy-servers.ts';
import { haproxyTableRules } from './haproxy-tables.ts';
import { haproxyWordRules } from './haproxy-words.ts';
import { keepalivedInstanceRules } from './keepalived-instances.ts';
import { keepalivedServerRules } from './keepalived-servers.ts';
import { nodesRules } from './nodes.ts';
import type { Rule } from './rule.ts';
import { wordsRules } from './typed-words.ts';

export const rules: readonly Rule[] = [
  ...haproxyConditionRules,
  ...haproxyBackendRules,
  ...haproxyServerRules,
  ...haproxyBindRules,
  ...haproxySecurityRules,
  ...haproxyTableRules,
  ...haproxyWordRules,
  ...keepalivedInstanceRules,
  ...keepalivedServerRules,
  ...bothFilesRules,
  ...nodesRules,
  ...wordsRules,
];

export const ruleCodes: ReadonlySet<string> = new Set(rules.map((rule) => rule.code));

/** A rule's one line. */
export function describeRule(code: string): string | undefined {
  return rules.find((rule) => rule.code === code)?.doc;
}
