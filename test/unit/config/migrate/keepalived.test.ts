/** Old words of keepalived.conf and what becomes of them. */
import { describe, expect, it } from 'vitest';
import { migrateKeepalived } from '../../../../src/config/migrate/keepalived.ts';
import { migratedSource } from '../../../../src/config/migrate/migration.ts';

const migrate = (text: string) => migrateKeepalived({ file: 'old.conf', text });

const forms: readonly (readonly [what: string, old: string, modern: string])[] = [
  ['lvs_id', 'global_defs {\n  lvs_id LVS1 # name\n}\n', 'global_defs {\n  router_id LVS1 # name\n}\n'],
  [
    'nat_mask',
    'virtual_server 1.1.1.1 80 {\n  nat_mask 255.255.255.0\n}\n',
    'virtual_server 1.1.1.1 80 {\n  # nat_mask 255.255.255.0\n}\n',
  ],
  ['plugin_dir', 'global_defs\n{\n  plugin_dir /x\n}\n', 'global_defs\n{\n  # plugin_dir /x\n}\n'],
  ['nb_get_retry', 'HTTP_GET { nb_get_retry 3 }\n', 'HTTP_GET { retry 3 }\n'],
  [
    'a sync daemon',
    'global_defs {\n}\nvrrp_instance V {\n  lvs_sync_daemon_inteface eth0\n}\n',
    'global_defs {\n    lvs_sync_daemon eth0 V\n}\nvrrp_instance V {\n  # lvs_sync_daemon_inteface eth0\n}\n',
  ],
];

describe('old words', () => {
  it.each(forms)('%s', (_what, old, modern) => {
    const migration = migrate(old);
    expect(migration.text).toBe(modern);
    expect(migrateKeepalived(migratedSource(migration)).edits).toEqual([]);
  });
});

it('warns where a word starts to have an effect', () => {
  expect(migrate('TCP_CHECK {\n nb_get_retry 3\n}\n').findings).toMatchObject([{ code: 'check-migration' }]);
});

it('leaves the word elsewhere, in comments and in definitions', () => {
  const text = '# nat_mask 1\nvirtual_server_group G {\n nat_mask 1\n}\n$A=nat_mask \\\n nat_mask\nnotify "lvs_id"\n';
  expect(migrate(text).text).toBe(text);
});

it('keeps a line that shares a brace, and says so', () => {
  const { edits, findings } = migrate('virtual_server 1.1.1.1 80 { nat_mask 1 }\n');
  expect(edits).toEqual([]);
  expect(findings).toMatchObject([{ code: 'not-migrated' }]);
});
