/**
 * Our exit code of a configuration test under the profile keepalived-2.2 against Debian's keepalived 2.2.7, on every
 * broken configuration and on whole ones.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/config/keepalived-verdict.ts';
import { loadKeepalived, localOptions } from '../../src/config/load-keepalived.ts';
import { broken, changed } from '../unit/grammar/keepalived/broken.ts';
import { instanceWith } from '../unit/grammar/keepalived/reading.ts';
import { findHindrance } from './keepalived-oracle.ts';

/** Where there is nothing to compare with. */
const INCOMPARABLE: Readonly<Record<string, string>> = {
  'unclosed quote in a script': 'keepalived crashes',
  'huge ~SEQ': 'keepalived repeats the line a million times',
  'definition of itself': 'keepalived never ends',
  'missing closing brace': 'keepalived drops the unclosed script, and with it exit code 6',
};

const whole: [what: string, text: string][] = [
  ['a plain instance', instanceWith()],
  ['debug without a level', instanceWith('debug')],
  ['debug with a level', instanceWith('debug 2')],
  ['nopreempt of a master', instanceWith('state MASTER', 'priority 9', 'nopreempt')],
  ['preempt_delay with nopreempt', instanceWith('nopreempt', 'preempt_delay 9')],
  ['an address owner with nopreempt', instanceWith('state MASTER', 'nopreempt')],
  ['a notify script that is not here', instanceWith('notify_master /nonexistent')],
  ['a notify script that is', instanceWith('notify_master /bin/true')],
  ['a script that is not here', `vrrp_script chk {\nscript /nonexistent\n}\n${instanceWith()}`],
  ['an interface that is not here', instanceWith('track_interface {', 'nonexistent0', '}')],
  [
    'an interface that is not here, and a script without script security',
    `vrrp_script chk {\nscript /bin/true\n}\n${instanceWith('track_interface {', 'nonexistent0', '}')}`,
  ],
  ['a user that is not here', 'global_defs {\nscript_user nonexistent\n}\n'],
  ['words without effect', instanceWith('nopreempt really', 'priority 20 30')],
  ['a deprecated word', instanceWith('lvs_sync_daemon_interface lo')],
  ['a word of a later version', 'global_defs {\njson_version 2\n}\n'],
  ['a word that is gone', 'global_defs {\nlvs_id X\n}\n'],
  ['definitions', `$P=priority 20 \\\n  advert_int 2\n${instanceWith('$P')}`],
  ['a sequence', `~SEQ(i,1,3) $A\n${instanceWith()}`],
  ['a condition', `@nonexistent foo\n${instanceWith()}`],
  ['a weight of an address owner', instanceWith('priority 255', 'track_interface {', 'lo weight 5', '}')],
  ['nothing', ''],
  ['include of nothing', 'include /nonexistent/*.conf\n'],
  ['includer of nothing', 'includer /nonexistent/x.conf\n'],
  ['includem of nothing', 'includem /nonexistent/x.conf\n'],
  ['includew of nothing', 'includew /nonexistent/*.conf\n'],
  ['includea of nothing', 'includea /nonexistent/*.conf\n'],
  ['include of a directory', 'include /etc\n'],
  ['includer of a directory', 'includer /etc\n'],
  ['a bare name before a slash', `$P=20\n${instanceWith('priority $P/')}`],
  ['a byte order mark', '\xef\xbb\xbfglobal_defs {\n}\n'],
  [
    'conditions and definitions in a value',
    `$P=nopreempt \\\n  @nonexistent foo \\\n  $Q=20 \\\n  priority $Q\n${instanceWith('$P')}`,
  ],
];

const why = findHindrance({ namesDevice: false });

describe.skipIf(why !== null)('keepalived -t', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keepalived-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const comparable = [...[...broken, ...changed].map(([what, text]) => [what, text] as const), ...whole].filter(
    ([what]) => !INCOMPARABLE[what],
  );

  it.each(comparable)('%s', (_what, text) => {
    const file = join(folder, 'keepalived.conf');
    writeFileSync(file, text, 'latin1');
    const { diagnostics } = loadKeepalived(file, localOptions('keepalived-2.2', null));
    const original = spawnSync('keepalived', ['-t', '-f', file], { timeout: 60_000, maxBuffer: 2 ** 28 });
    expect(exitCodeOf(diagnostics, 'keepalived-2.2')).toBe(original.status);
  });
});
