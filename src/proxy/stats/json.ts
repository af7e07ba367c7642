/**
 * The `;json` export: per line of statistics a list of typed values, as HAProxy's schema has it (management manual,
 * chapter 9.3, "show stat json").
 */
import { COLUMN_TABLE, type Row } from './columns.ts';

const OBJECT_TYPES = ['Frontend', 'Backend', 'Server', 'Listener'] as const;

const ORIGINS: Readonly<Record<string, string>> = { M: 'Metric', S: 'Status', K: 'Key', C: 'Config' };

const NATURES: Readonly<Record<string, string>> = {
  A: 'Age',
  a: 'Avg',
  C: 'Counter',
  D: 'Duration',
  G: 'Gauge',
  L: 'Limit',
  M: 'Max',
  N: 'Name',
  O: 'Output',
  R: 'Rate',
};

const SCOPES: Readonly<Record<string, string>> = { P: 'Process', S: 'Service' };

export function formatJson(rows: readonly Row[]): string {
  return `${JSON.stringify(rows.map(formatRow))}\n`;
}

function formatRow(row: Row): object[] {
  const values: object[] = [];
  COLUMN_TABLE.forEach(([name, type, tags], pos) => {
    const value = row[name];
    if (value === undefined) return;
    values.push({
      objType: OBJECT_TYPES[row.type as number],
      proxyId: row.iid,
      id: row.sid,
      field: { pos, name },
      processNum: 1,
      tags: { origin: ORIGINS[tags[0]!], nature: NATURES[tags[1]!], scope: SCOPES[tags[2]!] },
      value: { type, value },
    });
  });
  return values;
}
