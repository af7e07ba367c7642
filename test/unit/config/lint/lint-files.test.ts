/** From paths to findings: directories, both languages, where a finding comes from. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LintOptions, lintFiles } from '../../../../src/config/lint/lint-files.ts';
import { measureMs } from '../../../elapsed.ts';

const options: LintOptions = {
  compat: 'default',
  assumeFiles: true,
  facts: null,
  carriedOut: false,
  configId: 'node',
  env: {},
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function lint(...paths: readonly string[]) {
  return lintFiles([{ name: null, paths: paths.map((path) => join(folder, path)) }], options);
}

const instance =
  'vrrp_instance A {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 192.0.2.9/24\n }\n}\n';
const proxy = 'defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n';

describe('linting files', () => {
  it('takes the configuration files of a directory, of either language', () => {
    const others = {
      'x/readme.txt': proxy,
      'x/.hidden.cfg': proxy,
      'x/setup.cfg': '[tool]\nx = 1\n',
      'x/y.conf/z': '',
    };
    write({ 'x/haproxy.cfg': proxy, 'x/keepalived.conf': instance, ...others });
    expect(lint('x').files).toEqual([join(folder, 'x/haproxy.cfg'), join(folder, 'x/keepalived.conf')]);
  });

  it('finds the files in the copy of a machine', () => {
    write({ 'n/etc/haproxy/haproxy.cfg': proxy, 'n/etc/keepalived/keepalived.conf': instance, 'n/other/x.cfg': proxy });
    const names = lint('n').files.map((file) => file.replace(/.*\//, ''));
    expect(names).toEqual(['haproxy.cfg', 'keepalived.conf']);
  });

  it('reads a file once that is named twice', () => {
    write({ 'a.cfg': proxy });
    expect(lint('a.cfg', './a.cfg', '.').files).toEqual([join(folder, 'a.cfg')]);
  });

  it('reads several haproxy.cfg as one configuration', () => {
    write({
      'a.cfg': `${proxy}frontend f\n bind :80\n default_backend b\n`,
      'b.cfg': 'backend b\n server s 192.0.2.1:80\n',
    });
    expect(lint('a.cfg', 'b.cfg').diagnostics).toEqual([]);
    expect(lint('a.cfg').diagnostics.map(({ code }) => code)).toEqual(['unknown-backend']);
  });

  it('does not read an included file twice, and says where it is included', () => {
    write({
      'keepalived.conf': 'include more.conf\n',
      'more.conf': `${instance}vrrp_script idle {\n script "/bin/true"\n}\n`,
    });
    const { diagnostics, files } = lint('.');
    expect(files).toHaveLength(2);
    const unused = diagnostics.filter(({ code }) => code === 'unused-script');
    expect(unused).toHaveLength(1);
    expect(unused[0]!.notes?.at(-1)).toMatchObject({ message: 'included here', at: { start: 8 } });
    expect(unused[0]!.notes?.at(-1)?.at?.source.file).toMatch(/keepalived\.conf$/);
  });

  it('says which proxies a line of the defaults is about', () => {
    const text = `${proxy} option httpchk\nlisten a\n bind :80\n server s 192.0.2.1:80\nbackend b\n server s 192.0.2.1:80\n`;
    write({ 'a.cfg': text });
    const found = lint('a.cfg').diagnostics.find(({ code }) => code === 'check-option-unused');
    expect(found?.notes?.[0]?.message).toBe("these defaults hold for listen 'a', backend 'b'");
  });

  it('does not conclude anything from what the environment decides', () => {
    const rules = ' acl x path_beg "${P}"\n http-request deny if x { path_beg /a }\n default_backend "${B}"\n';
    write({ 'a.cfg': `${proxy} mode http\nfrontend f\n bind "\${A}"\n${rules}backend b\n server s 192.0.2.1:80\n` });
    const codes = lintFiles([{ name: null, paths: [join(folder, 'a.cfg')] }], {
      ...options,
      env: { P: '/b', B: 'c', A: ':80' },
    }).diagnostics.map(({ code }) => code);
    expect(codes).toEqual(['unknown-backend']);
  });

  it('leaves out branches that do not hold', () => {
    write({ 'a.cfg': `${proxy}.if streq("a","b")\nfrontend f\n bind :80\n bind :80\n.endif\n` });
    expect(lint('a.cfg').diagnostics).toEqual([]);
  });

  it('orders findings by file and place', () => {
    write({ 'a.cfg': `${proxy}backend z\nfrontend f\n bind :80\n bind :80\n acl x path /\n`, 'b.cfg': 'backend y\n' });
    const places = lint('b.cfg', 'a.cfg').diagnostics.map(
      ({ at }) => `${at!.source.file.at(-5)}${String(at!.start).padStart(4, '0')}`,
    );
    expect(places.length).toBeGreaterThan(3);
    const b = places.filter((place) => place.startsWith('b'));
    expect(places).toEqual([...b.sort(), ...places.filter((place) => place.startsWith('a')).sort()]);
  });

  it('looks at a large file in seconds', () => {
    const rules = Array.from({ length: 5000 }, (_, i) => ` acl a${i} path_beg /p${i}/\n use_backend b if a${i}\n`).join(
      '',
    );
    write({ 'a.cfg': `${proxy} mode http\nfrontend f\n bind :80\n${rules}backend b\n server s 192.0.2.1:80\n` });
    expect(measureMs(() => lint('a.cfg'))).toBeLessThan(10_000);
  });
});
