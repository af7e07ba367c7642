/** What is printed from records loads to the same records: over the fixtures, the corpus, and generated settings. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeepalivedConfig, VrrpInstanceConf } from '../../../src/config/keepalived.ts';
import { loadKeepalived } from '../../../src/config/load-keepalived.ts';
import { printKeepalived } from '../../../src/config/print-keepalived.ts';
import { instanceWith } from '../grammar/keepalived/reading.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/keepalived/ok');
const corpus = resolve('../shared/corpus/keepalived');
if (!existsSync(corpus)) console.log(`skipped in part: no corpus at ${corpus}`);

function load(bytes: Uint8Array): KeepalivedConfig {
  const readFile = () => bytes;
  const hostFacts = { interfaces: () => null, executable: () => true, user: () => true };
  const options = { compat: 'default', assumeFiles: true, configId: 'here', env: { ROLE: 'BACKUP' } } as const;
  return loadKeepalived('keepalived.conf', { ...options, readFile, hostFacts }).config!;
}

/** Records without the places that they name, and without the count of servers that were left out. */
function comparable(config: KeepalivedConfig): unknown {
  const left = ['place', 'files', 'virtualServerCount'];
  return JSON.parse(JSON.stringify(config, (key, value: unknown) => (left.includes(key) ? undefined : value)));
}

function expectSame(config: KeepalivedConfig): void {
  const text = printKeepalived(config);
  const again = load(Buffer.from(text));
  expect(comparable(again), text).toEqual(comparable(config));
  expect(printKeepalived(again)).toBe(text);
}

describe('printKeepalived', () => {
  it.each(readdirSync(fixtures))('gives back %s', (name) => {
    const [text = ''] = readFileSync(join(fixtures, name), 'latin1').split('\n----\n');
    expectSame(load(Buffer.from(`${text}\n`, 'latin1')));
  });

  const files = existsSync(corpus) ? readdirSync(corpus).filter((name) => name.endsWith('.conf')) : [];
  it.skipIf(files.length === 0)('gives back real files', () => {
    for (const name of files) expectSame(load(readFileSync(join(corpus, name))));
  });

  it('prints an instance in current syntax', () => {
    const config = load(
      Buffer.from(instanceWith('priority 7', 'notify_master "/bin/sh -c \'a b\'" root', 'advert_int 2')),
    );
    expect(printKeepalived(config).split('\n').slice(4)).toEqual([
      'vrrp_instance VI_1 {',
      '  state BACKUP',
      '  interface eth0',
      '  virtual_router_id 51',
      '  priority 7',
      '  advert_int 2',
      '  virtual_ipaddress {',
      '    192.0.2.10/32',
      '  }',
      '  notify_master "/bin/sh -c \'a b\'" root',
      '}',
      '',
    ]);
  });

  it('gives back any settings of an instance', () => {
    const config = load(Buffer.from(instanceWith()));
    const [plain] = config.instances;
    const change: fc.Arbitrary<Partial<VrrpInstanceConf>> = fc.record(
      {
        priority: fc.integer({ min: 1, max: 254 }),
        virtualRouterId: fc.integer({ min: 1, max: 255 }),
        advertIntervalCs: fc.integer({ min: 1, max: 200 }).map((count) => count * 100),
        nopreempt: fc.boolean(),
        strict: fc.boolean(),
        accept: fc.boolean(),
        dontTrackPrimary: fc.boolean(),
        garp: fc.record({
          masterDelayMs: fc.integer({ min: 0, max: 9 }).map((count) => count * 1000),
          masterRepeat: fc.integer({ min: 1, max: 9 }),
          masterRefreshMs: fc.integer({ min: 0, max: 9 }).map((count) => count * 1000),
          masterRefreshRepeat: fc.integer({ min: 0, max: 9 }),
          lowerPrioDelayMs: fc.integer({ min: 0, max: 9 }).map((count) => count * 1000),
          lowerPrioRepeat: fc.integer({ min: 0, max: 9 }),
          intervalUs: fc.constant(0),
        }),
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(change, (changed) => expectSame({ ...config, instances: [{ ...plain!, ...changed }] })));
  });

  it('escapes every command', () => {
    const config = load(Buffer.from(instanceWith('notify "/bin/true"')));
    const [plain] = config.instances;
    const text = fc.string({ unit: fc.constantFrom(...'ab \'"\\$#{}!~@\té;'), maxLength: 12 });
    fc.assert(
      fc.property(text, (argument) => {
        const all = { ...plain!.notify.all!, text: `/bin/true ${argument}` };
        const changed = { ...config, instances: [{ ...plain!, notify: { ...plain!.notify, all } }] };
        const again = load(Buffer.from(printKeepalived(changed)));
        const read = again.instances[0]?.notify.all;
        // A command whose own quotes do not match is an error, however it is printed.
        if (read) expect(read.text).toBe(all.text);
      }),
    );
  });
});
