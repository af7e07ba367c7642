/** All rows by name, for each kind of line. A later row of the same name wins over an earlier one. */
import type { KeywordRow } from '../keyword.ts';
import type { BindNode, GlobalNode, ProxyNode, ServerSettings } from '../nodes.ts';
import { balanceRows, balanceServerRows } from './balance.ts';
import { bindRows } from './bind.ts';
import { checkRows } from './checks.ts';
import { forwardedRows } from './forwarded.ts';
import { keepFirst } from './given-once.ts';
import { globalRows } from './global.ts';
import { httpGlobalRows, httpProxyRows } from './http.ts';
import { knownBindRows, knownGlobalRows, knownProxyRows, knownServerRows } from './known.ts';
import { legacyGlobalRows, legacyProxyRows } from './legacy.ts';
import { limitGlobalRows, limitProxyRows } from './limits.ts';
import { logRows } from './log.ts';
import { logFormatRows } from './log-format.ts';
import { logStepsRow } from './log-profile.ts';
import { optionRows } from './options.ts';
import { persistenceGlobalRows, persistenceProxyRows, persistenceServerRows } from './persistence.ts';
import { proxyRows } from './proxy.ts';
import { ringServerRows } from './ring.ts';
import { ruleRows } from './rules.ts';
import { serverRows } from './server.ts';
import { proxyLinkRows, serverLinkRows } from './server-link.ts';
import { serverSampleRows } from './server-samples.ts';
import { pipeRows, spliceRows } from './splicing.ts';
import { statsRows } from './stats.ts';
import { timeoutRows } from './timeouts.ts';

export interface KeywordTable<Node> {
  readonly rows: ReadonlyMap<string, KeywordRow<Node>>;
  /** First words of two-word names: "option", "timeout". */
  readonly families: ReadonlySet<string>;
}

function tableOf<Node>(...groups: readonly (readonly KeywordRow<Node>[])[]): KeywordTable<Node> {
  const rows = new Map(groups.flat().map((row) => [row.name, row]));
  const families = new Set([...rows.keys()].filter((name) => name.includes(' ')).map((name) => name.split(' ')[0]!));
  return { rows, families };
}

export const globalTable: KeywordTable<GlobalNode> = tableOf(
  [
    ...knownGlobalRows,
    ...legacyGlobalRows,
    ...globalRows,
    ...limitGlobalRows,
    ...httpGlobalRows,
    ...persistenceGlobalRows,
    ...pipeRows,
    logRows.global,
  ].map(keepFirst),
);

export const proxyTable: KeywordTable<ProxyNode> = tableOf(
  knownProxyRows,
  legacyProxyRows,
  proxyRows,
  balanceRows,
  proxyLinkRows,
  limitProxyRows,
  optionRows,
  httpProxyRows,
  forwardedRows,
  logFormatRows,
  persistenceProxyRows,
  spliceRows,
  timeoutRows,
  statsRows,
  checkRows,
  ruleRows,
  [logRows.proxy, logStepsRow],
);

export const bindTable: KeywordTable<BindNode> = tableOf(knownBindRows, bindRows);
export const serverTable: KeywordTable<ServerSettings> = tableOf(
  knownServerRows,
  serverRows,
  balanceServerRows,
  serverLinkRows,
  serverSampleRows,
  persistenceServerRows,
  ringServerRows,
);
