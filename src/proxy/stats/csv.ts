/** The `;csv` export: one line of names, one line per row, every line closed by a comma as HAProxy writes it. */
import { COLUMNS, type Row } from './columns.ts';

export const CSV_HEADER = `# ${COLUMNS.join(',')},`;

export function formatCsv(rows: readonly Row[]): string {
  let text = `${CSV_HEADER}\n`;
  for (const row of rows) {
    for (const column of COLUMNS) text += `${quote(row[column])},`;
    text += '\n';
  }
  return text;
}

/** RFC 4180: quotes only where a comma, a quote or a line end makes them necessary. */
function quote(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
