import { describe, expect, it } from 'vitest';
import { dumpHaproxy } from '../../../src/config/dump-haproxy.ts';
import { loadHaproxy } from '../../../src/config/load-haproxy.ts';

const text = `# a comment
global
  maxconn 100   # another
  log 10.1.2.3:514 local0
defaults
    mode http
frontend shop
  bind 10.0.0.7:80,[2001:db8::1]:443
  bind /run/secret.sock
  acl is_vip src 192.0.2.0/24 10.0.0.9
  http-request deny if is_vip
  timeout client 30s
  default_backend "carts of bob"
backend carts
  stats auth bob:hunter2
  balance roundrobin
  server s1 db.example.com:8080 check inter 2s weight 10
userlist staff
  user alice password $6$abc groups admins
`;

function dump(key: number | null, numbers = false, source = text): string[] {
  const readFile = () => Buffer.from(source);
  const options = { compat: 'default', assumeFiles: true, env: {}, readFile } as const;
  return dumpHaproxy(loadHaproxy(['a.cfg'], options).nodes.trees, { key, numbers });
}

describe('a dump of the configuration', () => {
  it('has no comments, and indents alike', () => {
    expect(dump(null).slice(0, 8)).toEqual([
      'global',
      '\tmaxconn 100',
      '\tlog 10.1.2.3:514 local0',
      '',
      'defaults',
      '\tmode http',
      '',
      'frontend shop',
    ]);
  });

  it('means the same', () => {
    const again = `${dump(null).join('\n')}\n`;
    expect(dump(null, false, again)).toEqual(dump(null));
  });

  it('numbers lines', () => {
    expect(dump(null, true).slice(0, 3)).toEqual(['2\tglobal', '3\t\tmaxconn 100', '4\t\tlog 10.1.2.3:514 local0']);
  });

  it('keeps the words of the language, numbers and times when it is disguised', () => {
    const lines = dump(5);
    expect(lines).toContain('\tmaxconn 100');
    expect(lines).toContain('\tbalance roundrobin');
    expect(lines).toContain('\ttimeout client 30s');
    expect(lines.join('\n')).toMatch(/\tbind IPV4\([0-9a-f]{6}\):80,IPV6\([0-9a-f]{6}\):443/);
    expect(lines.join('\n')).toMatch(/\tserver [0-9a-f]{6} [0-9a-f]{6}:8080 check inter 2s weight 10/);
  });

  it('shows nothing of its owner when it is disguised', () => {
    const shown = dump(5).join('\n');
    const own = 'shop 10.0.0.7 2001 db8 secret vip 192.0.2 10.0.0.9 bob cart hunter2 s1 example staff alice abc admins';
    expect(own.split(' ').filter((word) => shown.includes(word))).toEqual([]);
    expect(shown).toContain('\tstats auth [...]');
    expect(shown).toMatch(/\tuser [0-9a-f]{6} password \[\.\.\.\]$/m);
  });

  it('disguises a word in the same way everywhere, and otherwise with another key', () => {
    const acl = /acl ([0-9a-f]{6}) src/.exec(dump(5).join('\n'))![1]!;
    expect(dump(5)).toContain(`\thttp-request deny if ${acl}`);
    expect(dump(6)).not.toContain(`\thttp-request deny if ${acl}`);
  });
});
