/**
 * Real configurations and what the real `keepalived -t` returned for them, in a collection beside the repository.
 * The machine it was recorded on had the usual programs, every interface a file names, and no script of theirs.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/config/keepalived-verdict.ts';
import { loadKeepalived } from '../../../src/config/load-keepalived.ts';
import type { Profile } from '../../../src/config/profile.ts';

const corpus = resolve('../shared/corpus/keepalived');
const present = existsSync(corpus);
if (!present) console.log(`skipped: no configuration corpus in ${corpus}`);

const PROGRAMS =
  /^(\/bin\/|\/usr\/bin\/|\/sbin\/|\/usr\/sbin\/)?(true|false|sh|bash|killall|pidof|pkill|pgrep|curl|ip|python3|test|grep)$|^\/etc\/init\.d\/postgresql$/;
const USERS = ['root', 'nobody', 'daemon', 'mail', 'www-data', 'haproxy'];

/** keepalived stops before it reads the rest when the network namespace of `net_namespace` is missing. */
const NAMESPACE = ['186.conf', '274.conf'];
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'keepalived-2.2': NAMESPACE,
  // 180: 2.4 wants a blank before the backslash of a definition; 224: recorded with a build without DBus.
  'keepalived-2.4': [...NAMESPACE, '180.conf', '224.conf'],
};

function disagreements(profile: Profile, version: string): string[] {
  return readdirSync(corpus)
    .filter((name) => name.endsWith('.conf'))
    .filter((name) => {
      const recorded = readFileSync(join(corpus, name.replace('.conf', `.${version}.txt`)), 'latin1');
      const theirs = Number(/^with what it names present: exit (\d+)/m.exec(recorded)![1]);
      const { diagnostics } = loadKeepalived(join(corpus, name), {
        compat: profile,
        assumeFiles: false,
        configId: 'recorder',
        env: {},
        readFile: (path) => readFileSync(path),
        hostFacts: {
          interfaces: () => null,
          executable: (path) => PROGRAMS.test(path),
          user: (user) => USERS.includes(user),
        },
      });
      const ours = exitCodeOf(diagnostics, profile);
      const theyHang = theirs === 124;
      return theyHang ? ours === 0 : ours !== theirs;
    });
}

describe.skipIf(!present)('our verdict on real configurations', () => {
  it.each(['2.2', '2.4'])("is keepalived %s's", (version) => {
    const profile = version === '2.2' ? 'keepalived-2.2' : 'keepalived-2.4';
    expect(disagreements(profile, version)).toEqual([...EXCEPTIONS[profile]!].sort());
  });

  it('is never an error by default where keepalived has none', () => {
    const strict = readdirSync(corpus).filter((name) => {
      if (!name.endsWith('.conf')) return false;
      const recorded = readFileSync(join(corpus, name.replace('.conf', '.2.4.txt')), 'latin1');
      if (!/^with what it names present: exit [06]/m.test(recorded) || NAMESPACE.includes(name)) return false;
      const { diagnostics } = loadKeepalived(join(corpus, name), {
        compat: 'default',
        assumeFiles: true,
        configId: 'recorder',
        env: {},
        readFile: (path) => readFileSync(path),
        hostFacts: { interfaces: () => null, executable: () => true, user: () => true },
      });
      const said = recorded
        .split('\n')
        .slice(2)
        .filter((line) => line !== '' && !line.startsWith('SECURITY'));
      return said.length === 0 && exitCodeOf(diagnostics, 'default') !== 0;
    });
    expect(strict).toEqual([]);
  });
});
