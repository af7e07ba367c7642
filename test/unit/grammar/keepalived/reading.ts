/** Reads a keepalived.conf given as text, on a machine of known interfaces, programs and users. */
import { exitCodeOf } from '../../../../src/config/keepalived-verdict.ts';
import {
  type LoadedKeepalived,
  type LoadKeepalivedOptions,
  loadKeepalived,
} from '../../../../src/config/load-keepalived.ts';
import { renderKeepalived } from '../../../../src/config/render-keepalived.ts';

export const MACHINE: LoadKeepalivedOptions['hostFacts'] = {
  interfaces: () => new Set(['lo', 'eth0', 'eth1']),
  executable: (path) => ['/bin/true', '/bin/false', 'killall', 'pidof'].includes(path),
  user: (name) => ['root', 'nobody'].includes(name),
};

export interface Reading extends LoadedKeepalived {
  readonly exit: number;
  readonly lines: readonly string[];
  /** `code line:column` of every diagnostic. */
  readonly codes: readonly string[];
}

export function readText(
  text: string,
  options: Partial<LoadKeepalivedOptions> = {},
  name = 'keepalived.conf',
): Reading {
  const compat = options.compat ?? 'default';
  const loaded = loadKeepalived(name, {
    compat,
    assumeFiles: false,
    configId: 'here',
    env: { ROLE: 'BACKUP' },
    readFile: () => Buffer.from(text, 'latin1'),
    hostFacts: MACHINE,
    ...options,
  });
  const lines = renderKeepalived(loaded.diagnostics);
  const codes = loaded.diagnostics.map((each, i) => {
    const place = /Line (\d+)\).*\(column (\d+)\)$/s.exec(lines[i]!);
    return `${each.code} ${place?.[1]}:${place?.[2]}`;
  });
  return { ...loaded, lines, codes, exit: exitCodeOf(loaded.diagnostics, compat) };
}

/** The one instance of a configuration that has these lines in it. */
export function instanceWith(...lines: string[]): string {
  return [
    'vrrp_instance VI_1 {',
    '  interface eth0',
    '  virtual_router_id 51',
    '  virtual_ipaddress {',
    '    192.0.2.10',
    '  }',
    ...lines.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
}
