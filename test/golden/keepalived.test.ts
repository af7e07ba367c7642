/**
 * Golden files of keepalived.conf: a configuration, a line of dashes, what is said about it and the exit code, and for
 * those in `ok` the instances that come out (only what differs from a plain one). `UPDATE=1` writes the second half.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KeepalivedConfig } from '../../src/config/keepalived.ts';
import { instanceWith, readText } from '../unit/grammar/keepalived/reading.ts';

const folder = join(import.meta.dirname, '../../fixtures/keepalived');
const DASHES = '\n----\n';
const plain = readText(instanceWith()).config!;

/** Fields that differ from the plain ones; places are left out. */
function differences(value: object, usual: object): object {
  const known = new Map(Object.entries(usual));
  return Object.fromEntries(
    Object.entries(value).filter(
      ([key, field]) => key !== 'place' && JSON.stringify(field) !== JSON.stringify(known.get(key)),
    ),
  );
}

function withoutPlaces(key: string, value: unknown): unknown {
  return key === 'place' ? undefined : value;
}

function describeConfig(config: KeepalivedConfig): string {
  const lines = [
    ['global', differences(config.globalDefs, plain.globalDefs)],
    ...config.scripts.map((script) => ['script', script]),
    ...config.syncGroups.map((group) => ['group', group]),
    ...config.instances.map((instance) => [
      'instance',
      { ...differences(instance, plain.instances[0]!), name: instance.name },
    ]),
    ...config.virtualServerGroups.map((group) => ['virtual server group', group]),
    ...config.virtualServers.map((server) => ['virtual server', server]),
  ].map(([kind, value]) => `${kind} ${JSON.stringify(value, withoutPlaces)}`);
  return lines.filter((line) => line !== 'global {}').join('\n');
}

function actual(config: string, kind: string): string {
  const reading = readText(config);
  const said = [...reading.lines, `exit ${reading.exit}`].join('\n');
  return kind === 'ok' ? `${said}\n${describeConfig(reading.config!)}\n` : `${said}\n`;
}

describe.each(['ok', 'bad'])('fixtures/keepalived/%s', (kind) => {
  const names = readdirSync(join(folder, kind)).filter((name) => name.endsWith('.conf'));
  it.each(names)('%s', (name) => {
    const path = join(folder, kind, name);
    const [config = '', expected] = readFileSync(path, 'latin1').split(DASHES);
    const result = actual(`${config}\n`, kind);
    if (process.env.UPDATE)
      writeFileSync(path, Buffer.concat([Buffer.from(config + DASHES, 'latin1'), Buffer.from(result)]));
    else expect(Buffer.from(expected ?? '', 'latin1').toString('utf8')).toBe(result);
  });
});
