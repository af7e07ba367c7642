// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is keepalived's syntax here
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../../src/config/keepalived-verdict.ts';
import { loadKeepalived, localOptions } from '../../../../src/config/load-keepalived.ts';
import { renderKeepalived } from '../../../../src/config/render-keepalived.ts';
import { measureMs } from '../../../elapsed.ts';
import { broken, changed } from './broken.ts';
import { instanceWith, MACHINE, readText } from './reading.ts';

describe('a broken keepalived.conf', () => {
  it.each(broken)('%s', (_what, text, code, exit) => {
    const reading = readText(text);
    expect(reading.codes).toContain(code);
    const at = reading.diagnostics[reading.codes.indexOf(code)]!;
    expect(at.severity).toBe('error');
    expect(reading.exit).toBe(exit);
  });

  it.each(changed)('is accepted with a warning: %s', (_what, text, code) => {
    const reading = readText(text);
    expect(reading.codes).toContain(code);
    expect(reading.diagnostics[reading.codes.indexOf(code)]!.severity).toBe('warning');
    expect(reading.exit).toBe(0);
    expect(readText(text, { compat: 'keepalived-2.4' }).exit).not.toBe(0);
  });

  it('is told once per mistake', () => {
    expect(readText(instanceWith('tracking {', '  a', '  b {', '  }', '}', 'priority 20')).codes).toEqual([
      'unknown-keyword 7:3',
    ]);
  });

  it.each([
    ['prioritty 100', 'priority'],
    ['virtual_routerid 51', 'virtual_router_id'],
    ['nopremt', 'nopreempt'],
  ])('gets a suggestion: %s', (line, suggestion) => {
    expect(readText(instanceWith(line)).diagnostics[0]!.suggestion).toBe(suggestion);
  });

  it('still gives everything that is right', () => {
    const { config } = readText(
      instanceWith('prioritty 100', 'state BACKUP', 'advert_int 2', 'foo {', 'bar', '}', 'priority 42'),
    );
    expect(config!.instances[0]).toMatchObject({
      name: 'VI_1',
      priority: 42,
      advertIntervalCs: 200,
      virtualRouterId: 51,
    });
  });

  it('is quick to refuse what is deeply nested or long', () => {
    const ms = measureMs(() => {
      readText('a {\n'.repeat(50_000));
      readText(
        `${'"'.repeat(64 * 1024)}\n${'\\'.repeat(64 * 1024)}\n${'~SEQ('.repeat(16 * 1024)}\n${'${'.repeat(32 * 1024)}\n`,
      );
      readText(`$A=${'#\\\n'.repeat(20_000)}\n${' '.repeat(64 * 1024)}x\n${'$A'.repeat(32 * 1024)}\n`);
    });
    expect(ms).toBeLessThan(15_000);
  });
});

describe('a file that cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keepalived-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const load = (file: string, compat: 'default' | 'keepalived-2.4' = 'default') => {
    const { config, diagnostics } = loadKeepalived(file, { ...localOptions(compat, 'here'), hostFacts: MACHINE });
    return {
      config,
      codes: diagnostics.map((each) => each.code),
      exit: exitCodeOf(diagnostics, compat),
      lines: renderKeepalived(diagnostics),
    };
  };

  it('does not exist', () => {
    const file = join(folder, 'nosuch.conf');
    const { config, codes, exit, lines } = load(file);
    expect([config, codes, exit]).toEqual([null, ['file-missing'], 2]);
    expect(lines[0]).toBe(`(${file}: Line 1) Configuration file '${file}' does not exist (column 1)`);
  });

  it('does not exist, and keepalived says 0', () => {
    expect(load(join(folder, 'nosuch.conf'), 'keepalived-2.4').exit).toBe(0);
  });

  it('is a directory', () => {
    expect(load(folder)).toMatchObject({ config: null, codes: ['file-unreadable'], exit: 2 });
  });

  if (process.getuid?.() === 0) console.log('skipped: root may read every file');
  it.skipIf(process.getuid?.() === 0)('may not be read', () => {
    const file = write('secret.conf', 'global_defs {\n}\n');
    chmodSync(file, 0);
    expect(load(file)).toMatchObject({ config: null, codes: ['file-unreadable'], exit: 2 });
  });

  it('is reported with its reason', () => {
    const refuse = () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' });
    };
    const { diagnostics } = loadKeepalived('/x.conf', { ...localOptions('default', null), readFile: refuse });
    expect(renderKeepalived(diagnostics)).toEqual([
      "(/x.conf: Line 1) Configuration file '/x.conf' cannot be read (EACCES) (column 1)",
    ]);
  });

  it('is empty, which is no error', () => {
    const { config, codes, exit } = load(write('empty.conf', ''));
    expect([config!.instances, codes, exit]).toEqual([[], ['empty-configuration'], 0]);
  });

  it('includes itself', () => {
    const file = write('loop.conf', 'global_defs {\n}\ninclude loop.conf\n');
    const { codes, exit, lines } = load(file);
    expect([codes, exit]).toEqual([['include-loop'], 5]);
    expect(lines[0]).toContain(`(${file}: Line 3)`);
    expect(lines[0]).toContain('(column 9)');
  });

  it('includes itself by way of another, under another name', () => {
    mkdirSync(join(folder, 'sub'));
    write('sub/b.conf', 'include ../sub/../a*.conf\n');
    const { codes, lines } = load(write('a.conf', 'include sub/b.conf\n'));
    expect(codes).toContain('include-loop');
    expect(lines[0]).toContain(`(${join(folder, 'sub/b.conf')}: Line 1)`);
  });

  it('includes a directory', () => {
    const { codes, exit } = load(write('dir.conf', 'include sub\n'));
    expect([codes, exit]).toEqual([['include-unreadable'], 5]);
  });

  it('reports an error of an included file there', () => {
    write('part-1.conf', 'global_defs {\n  router_idd x\n}\n');
    write('part-2.conf', 'vrrp_script chk {\n  script /bin/true\n}\n');
    const { config, lines } = load(write('main.conf', 'include part-{1,2}.conf\n'));
    expect(lines[0]).toBe(
      `(${join(folder, 'part-1.conf')}: Line 2) Unknown keyword 'router_idd' - did you mean 'router_id'? (column 3)`,
    );
    expect(config!.scripts.map((script) => script.name)).toEqual(['chk']);
    expect(config!.files).toEqual(['main.conf', 'part-1.conf', 'part-2.conf'].map((name) => join(folder, name)));
  });
});
