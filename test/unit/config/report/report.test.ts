/** The formats of findings: GitHub, JUnit and JSON against files in `golden/`, SARIF against the rules of its schema. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../../grammar/diagnostic.ts';
import type { Source } from '../../../../grammar/source.ts';
import { FORMATS, type ReportInput, renderReport } from '../../../../src/config/report/report.ts';
import { sarifProblems } from './sarif-schema.ts';

const bytes = 'frontend w\u00c3\u00a4b\n  bind :80, 50%\n  default_backend <app>\n';
const source: Source = { file: 'conf.d/a b.cfg', text: bytes };
const absolute: Source = { file: '/etc/keepalived/keepalived.conf', text: 'vrrp_instance A {\n' };

const diagnostics: readonly Diagnostic[] = [
  { code: 'no-file', severity: 'error', message: 'nothing was given' },
  {
    code: 'unreadable-file',
    severity: 'error',
    at: { source: { file: 'gone.cfg', text: '' }, start: 0, end: 0 },
    message: 'Cannot open gone.cfg',
  },
  {
    code: 'unknown-backend',
    severity: 'error',
    at: { source, start: bytes.indexOf('<app>'), end: bytes.indexOf('<app>') + 5 },
    message: 'no backend \'<app>\' & "others"',
    expected: 'a name',
    suggestion: 'app',
    notes: [{ message: 'used here', at: { source: absolute, start: 0, end: 13 } }, { message: 'think: twice' }],
  },
  {
    code: 'odd-name',
    severity: 'warning',
    at: { source, start: bytes.indexOf('w'), end: bytes.indexOf('\n') },
    message: 'w\u00c3\u00a4b, 100%\nodd',
  },
  {
    code: 'two-lines',
    severity: 'notice',
    at: { source, start: bytes.indexOf('bind'), end: bytes.indexOf('<') },
    message: 'bell \u0007',
  },
];

const input: ReportInput = {
  diagnostics,
  counted: diagnostics,
  files: ['conf.d/a b.cfg', '/etc/keepalived/keepalived.conf'],
  describe: (code) => (code === 'odd-name' ? 'A name is odd.' : undefined),
  version: '1.2.3',
};

const clean: ReportInput = { ...input, diagnostics: [], counted: [] };
const golden = (name: string) => resolve(import.meta.dirname, 'golden', name);
const render = (format: (typeof FORMATS)[number], from = input) => `${renderReport(format, from, false).join('\n')}\n`;

describe('report formats', () => {
  it.each([
    ['github', 'github.txt'],
    ['junit', 'junit.xml'],
    ['json', 'report.json.txt'],
    ['sarif', 'report.sarif'],
    ['pretty', 'pretty.txt'],
  ] as const)('%s is as in its golden file', async (format, name) => {
    await expect(render(format)).toMatchFileSnapshot(golden(name));
  });

  it('has well-formed JUnit for a clean run', () => {
    expect(render('junit', clean)).toContain('<testsuites name="tandem lint" tests="2" failures="0">');
    expect(render('junit', clean)).not.toContain('<failure');
  });

  it('says in every format that there is nothing', () => {
    for (const format of FORMATS) expect(() => render(format, clean)).not.toThrow();
    expect(render('github', clean)).toBe('\n');
    expect(render('pretty', clean)).toBe('2 files: 0 errors, 0 warnings, 0 notices\n');
  });

  it('counts columns in characters where programs read them', () => {
    const { diagnostics: [, , third] = [] } = JSON.parse(render('json')) as { diagnostics?: Record<string, unknown>[] };
    expect(third).toMatchObject({ line: 3, column: 19, endLine: 3, endColumn: 24 });
    const odd = (JSON.parse(render('json')) as { diagnostics: Record<string, unknown>[] }).diagnostics[3];
    expect(odd).toMatchObject({ column: 10, endColumn: 13, length: 4, message: 'w\u00e4b, 100%\nodd' });
  });

  it('writes SARIF that the schema allows', () => {
    expect(sarifProblems(JSON.parse(render('sarif')))).toEqual([]);
    expect(sarifProblems(JSON.parse(render('sarif', clean)))).toEqual([]);
    expect(sarifProblems(JSON.parse(render('sarif', { ...input, files: ['a.cfg', 'a.cfg'] })))).toEqual([]);
  });

  it('knows SARIF that the schema does not allow', () => {
    const broken = JSON.parse(render('sarif')) as { runs: { results: Record<string, unknown>[] }[] };
    broken.runs[0]!.results[0]!.level = 'notice';
    delete broken.runs[0]!.results[1]!.message;
    broken.runs[0]!.results[2]!.rule = 'x';
    expect(sarifProblems(broken)).toHaveLength(3);
  });
});
