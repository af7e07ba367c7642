/** Broken configurations: every one gives an error with a code, a file, a line, a column, and keepalived's exit code. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is keepalived's syntax here
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../../src/config/keepalived-verdict.ts';
import { loadKeepalived, localOptions } from '../../../../src/config/load-keepalived.ts';
import { renderKeepalived } from '../../../../src/config/render-keepalived.ts';
import { instanceWith, MACHINE, readText } from './reading.ts';

const long = 'x'.repeat(64 * 1024);
/** The first line that `instanceWith` adds is line 7; columns count from 3. */
const cases: [what: string, text: string, code: string, exit: number][] = [
  ['unknown keyword', instanceWith('prioritty 100'), 'unknown-keyword 7:3', 5],
  ['unknown keyword at top level', 'vrrp_instanse VI_1 {\n}\n', 'unknown-keyword 1:1', 5],
  ['unknown block', instanceWith('tracking {', '  eth0', '}'), 'unknown-keyword 7:3', 5],
  ['word of another block', instanceWith('auth_pass 1234'), 'wrong-block 7:3', 5],
  ['instance word at top level', 'priority 100\n', 'wrong-block 1:1', 5],
  ['block within a block', instanceWith('vrrp_script chk {', '  script /bin/true', '}'), 'wrong-block 7:3', 5],
  ['missing opening brace', 'vrrp_instance VI_1\n  state MASTER\n}\n', 'missing-open-brace 1:1', 5],
  [
    'missing brace of an inner block',
    instanceWith('authentication', 'auth_pass 1234', '}'),
    'missing-open-brace 7:3',
    5,
  ],
  ['missing closing brace', 'vrrp_script chk {\n  script /bin/true\n', 'missing-close-brace 1:17', 5],
  ['missing inner closing brace', instanceWith('authentication {', '  auth_type PASS'), 'missing-close-brace 1:20', 5],
  ['extra closing brace', 'global_defs {\n}\n}\n', 'extra-close-brace 3:1', 5],
  ['brace of nobody', '{\nglobal_defs {\n}\n}\n', 'unexpected-brace 1:1', 5],
  ['brace behind a plain word', instanceWith('state BACKUP {', '}'), 'unexpected-brace 7:16', 5],
  ['brace in a list', instanceWith('track_interface {', '  eth1 {', '  }', '}'), 'unexpected-brace 8:10', 5],
  ['unclosed quote', 'global_defs {\n  router_id "LVS 1\n}\n', 'unclosed-quote 2:13', 5],
  ['unclosed quote in a script', "vrrp_script chk {\n  script '/bin/true\n}\n", 'unclosed-quote 2:10', 5],
  ['missing argument', instanceWith('priority'), 'missing-argument 7:3', 2],
  ['block without its name', 'vrrp_instance {\n}\n', 'missing-argument 1:1', 2],
  ['bad address', instanceWith('virtual_ipaddress {', '  192.0.2.300', '}'), 'invalid-address 8:5', 5],
  ['short address', instanceWith('virtual_ipaddress {', '  192.0.2', '}'), 'invalid-address 8:5', 5],
  ['bad prefix length', instanceWith('virtual_ipaddress {', '  192.0.2.1/33', '}'), 'out-of-range 8:5', 5],
  ['prefix length in letters', instanceWith('virtual_ipaddress {', '  192.0.2.1/x', '}'), 'out-of-range 8:5', 5],
  ['bad scope', instanceWith('virtual_ipaddress {', '  192.0.2.1 scope far', '}'), 'invalid-value 8:21', 5],
  ['bad broadcast', instanceWith('virtual_ipaddress {', '  192.0.2.1 brd x', '}'), 'invalid-address 8:19', 5],
  ['option without value', instanceWith('virtual_ipaddress {', '  192.0.2.1 dev', '}'), 'missing-argument 8:15', 2],
  ['unknown address option', instanceWith('virtual_ipaddress {', '  192.0.2.1 eth0', '}'), 'unknown-option 8:15', 5],
  [
    'label too long',
    instanceWith('virtual_ipaddress {', `  192.0.2.1 label eth0:${'x'.repeat(20)}`, '}'),
    'label-too-long 8:21',
    5,
  ],
  ['two families', instanceWith('virtual_ipaddress {', '  2001:db8::1', '}'), 'family-mismatch 8:5', 5],
  ['words behind a block keyword', instanceWith('virtual_ipaddress 192.0.2.1 {', '}'), 'block-arguments 7:21', 5],
  ['router id 0', instanceWith('virtual_router_id 0'), 'out-of-range 7:21', 5],
  ['router id 256', instanceWith('virtual_router_id 256'), 'out-of-range 7:21', 5],
  ['no router id', 'vrrp_instance VI_1 {\n  interface eth0\n}\n', 'router-id-missing 1:15', 5],
  ['no interface', 'vrrp_instance VI_1 {\n  virtual_router_id 1\n}\n', 'interface-missing 1:15', 5],
  ['priority 300', instanceWith('priority 300'), 'out-of-range 7:12', 5],
  ['priority in letters', instanceWith('priority high'), 'invalid-number 7:12', 5],
  ['advert interval 0', instanceWith('advert_int 0'), 'out-of-range 7:14', 5],
  ['fractional interval in version 2', instanceWith('advert_int 1.5'), 'advert-interval-rounded 7:14', 5],
  ['interval too long for version 3', instanceWith('version 3', 'advert_int 41'), 'advert-interval-rounded 8:14', 5],
  ['version 4', instanceWith('version 4'), 'invalid-value 7:11', 5],
  ['state in lower case', instanceWith('state master'), 'invalid-value 7:9', 5],
  ['auth_type MD5', instanceWith('authentication {', '  auth_type MD5', '}'), 'invalid-value 8:15', 5],
  [
    'long password',
    instanceWith('authentication {', '  auth_type PASS', '  auth_pass 123456789', '}'),
    'auth-pass-truncated 9:15',
    5,
  ],
  ['no password', instanceWith('authentication {', '  auth_type PASS', '}'), 'auth-ignored 8:15', 5],
  [
    'password in version 3',
    instanceWith('version 3', 'authentication {', '  auth_type PASS', '  auth_pass x', '}'),
    'auth-ignored 9:15',
    5,
  ],
  ['unknown script', instanceWith('track_script {', '  chk', '}'), 'unknown-script 8:5', 5],
  ['bad weight', instanceWith('track_interface {', '  eth1 weight 300', '}'), 'out-of-range 8:17', 5],
  ['unknown track option', instanceWith('track_interface {', '  eth1 heavy', '}'), 'unknown-option 8:10', 5],
  ['script block without a script', 'vrrp_script chk {\n  interval 1\n}\n', 'script-missing 1:13', 5],
  ['duplicate instance', `${instanceWith()}${instanceWith()}`, 'duplicate-instance 8:15', 5],
  ['duplicate router id', `${instanceWith()}${instanceWith().replace('VI_1', 'VI_2')}`, 'duplicate-router-id 10:21', 5],
  [
    'unknown member',
    `${instanceWith()}vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n}\n`,
    'unknown-instance 11:5',
    5,
  ],
  ['empty group', 'vrrp_sync_group G {\n}\n', 'empty-group 1:17', 5],
  ['second notify script', instanceWith('notify /bin/true', 'notify /bin/false'), 'repeated-keyword 8:3', 5],
  ['bad source address', instanceWith('mcast_src_ip eth0'), 'invalid-address 7:16', 5],
  ['source of another family', instanceWith('mcast_src_ip 2001:db8::1'), 'family-mismatch 7:16', 5],
  ['bad peer', instanceWith('unicast_peer {', '  other', '}'), 'invalid-address 8:5', 5],
  ['no peer', instanceWith('unicast_peer {', '}'), 'no-unicast-peers 1:15', 5],
  ['bad scheduler', 'virtual_server 192.0.2.1 80 {\n  lb_algo best\n}\n', 'invalid-value 2:11', 5],
  ['bad virtual server address', 'virtual_server web 80 {\n}\n', 'invalid-address 1:16', 5],
  ['port 70000', 'virtual_server 192.0.2.1 70000 {\n}\n', 'invalid-port 1:26', 5],
  ['unclosed ~SEQ', '~SEQ(i,1,3 x$i\n', 'bad-sequence 1:1', 5],
  ['endless ~SEQ', '~SEQ(i,1,0,3) x$i\n', 'bad-sequence 1:1', 5],
  ['huge ~SEQ', '~SEQ(i,1,1000000) x$i\n', 'expansion-too-large 1:1', 5],
  ['undefined ${X}', instanceWith('priority ${X}'), 'undefined-parameter 7:12', 5],
  ['undefined $X', instanceWith('priority $X'), 'invalid-number 7:12', 5],
  ['definition of itself', '$A=${A}\n$A\n', 'definition-loop 1:4', 5],
  ['multi-line value within a line', '$A=x \\\n y\n$A z\n', 'multiline-not-at-end 3:1', 5],
  ['include without a name', 'include \n', 'missing-argument 1:1', 2],
  ['missing include', 'include /nonexistent/*.conf\n', 'include-missing 1:9', 5],
  ['binary file', '\x7fELF\x02\x01\x01\0\0\0\0{{{{', 'not-text 1:8', 5],
  ['64 KiB word', `${long}\n`, 'unknown-keyword 1:1', 5],
  ['64 KiB line', instanceWith(`prioritty ${'1 '.repeat(32 * 1024)}`), 'unknown-keyword 7:3', 5],
  ['64 KiB of braces', '{'.repeat(64 * 1024), 'unexpected-brace 1:1', 5],
  ['UTF-8 keyword', 'priorité 1\n', 'unknown-keyword 1:1', 5],
];

describe('a broken keepalived.conf', () => {
  it.each(cases)('%s', (_what, text, code, exit) => {
    const reading = readText(text);
    expect(reading.codes).toContain(code);
    const at = reading.diagnostics[reading.codes.indexOf(code)]!;
    expect(at.severity).toBe('error');
    expect(reading.exit).toBe(exit);
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

  it('is quick to refuse what is deeply nested or long', { timeout: 30_000 }, () => {
    const started = performance.now();
    readText('a {\n'.repeat(50_000));
    readText(
      `${'"'.repeat(64 * 1024)}\n${'\\'.repeat(64 * 1024)}\n${'~SEQ('.repeat(16 * 1024)}\n${'${'.repeat(32 * 1024)}\n`,
    );
    readText(`$A=${'#\\\n'.repeat(20_000)}\n${' '.repeat(64 * 1024)}x\n${'$A'.repeat(32 * 1024)}\n`);
    expect(performance.now() - started).toBeLessThan(15_000);
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
