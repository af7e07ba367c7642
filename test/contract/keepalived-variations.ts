/**
 * One-line variations of valid keepalived.conf files, made from the keyword rows: the right number of arguments, too
 * few, too many, out of range, an unknown word of an enumeration, the wrong block, the word twice.
 *
 * Every variation stands in a file that is valid without it, so that the exit code is about the one line.
 */
import type { Row, Table } from '../../grammar/keepalived/keyword.ts';
import { root } from '../../grammar/keepalived/keywords/root.ts';

export interface Variation {
  readonly what: string;
  readonly text: string;
}

interface Home {
  readonly row: Row<never>;
  readonly path: readonly string[];
}

/** What each block needs to be valid around a line. `@` is where the line goes. */
const FRAMES: Readonly<Record<string, readonly string[]>> = {
  global_defs: ['global_defs {', '@', '}'],
  vrrp_script: ['vrrp_script X {', 'script /bin/true', '@', '}'],
  vrrp_instance: [
    'vrrp_instance X {',
    'interface IF',
    'virtual_router_id 9',
    'virtual_ipaddress {',
    '192.0.2.9',
    '}',
    '@',
    '}',
  ],
  authentication: ['authentication {', 'auth_type PASS', 'auth_pass abc', '@', '}'],
  vrrp_sync_group: ['vrrp_sync_group G {', 'group {', 'A', 'B', '}', '@', '}'],
  virtual_server: [
    'virtual_server 192.0.2.1 80 {',
    'lb_algo rr',
    'lb_kind NAT',
    'protocol TCP',
    '@',
    'real_server 192.0.2.2 80 {',
    'TCP_CHECK {',
    '}',
    '}',
    '}',
  ],
  real_server: ['real_server 192.0.2.3 80 {', '@', '}'],
  HTTP_GET: ['HTTP_GET {', 'url {', 'path /', '}', '@', '}'],
  SSL_GET: ['SSL_GET {', 'url {', 'path /', '}', '@', '}'],
  url: ['url {', 'path /', '@', '}'],
  MISC_CHECK: ['MISC_CHECK {', 'misc_path /bin/true', '@', '}'],
  track_file: ['track_file F {', 'file /tmp/f', '@', '}'],
  vrrp_track_file: ['vrrp_track_file F {', 'file /tmp/f', '@', '}'],
  vrrp_track_process: ['vrrp_track_process P {', 'process sh', '@', '}'],
  bfd_instance: ['bfd_instance N {', 'neighbor_ip 192.0.2.7', '@', '}'],
  track_group: ['track_group T {', '@', '}'],
};

/** A whole file that keepalived reads, with both of its children at work. */
function preamble(device: string): string[] {
  const instance = (name: string, id: number) => [
    `vrrp_instance ${name} {`,
    `interface ${device}`,
    `virtual_router_id ${id}`,
    'virtual_ipaddress {',
    `192.0.2.${id}`,
    '}',
    '}',
  ];
  return [
    'global_defs {',
    'script_user root',
    'enable_script_security',
    '}',
    ...instance('A', 101),
    ...instance('B', 102),
  ];
}

function wholeFile(path: readonly string[], line: string, device: string): string {
  let lines = [line];
  for (const block of [...path].reverse()) {
    const frame = FRAMES[block] ?? [`${block} {`, '@', '}'];
    lines = frame.flatMap((each) => (each === '@' ? lines : [each.replace('IF', device)]));
  }
  const head = preamble(device);
  const lvs = FRAMES.virtual_server!.filter((each) => each !== '@').map((each) =>
    each.replace('192.0.2.1 ', '192.0.2.200 '),
  );
  return [...head, ...(path[0] === 'virtual_server' ? [] : lvs), ...lines, ''].join('\n');
}

function collect(table: Table<never>, path: readonly string[]): Home[] {
  return [...table.rows.values()].flatMap((row) => [
    { row, path },
    ...(row.table ? collect(row.table, [...path, row.name]) : []),
  ]);
}

/** A value that the word takes, by what its reader says. */
function rightValue(takes: string): string | null {
  if (takes === '') return '';
  const optional = /^\[(.*)\]$/.exec(takes);
  if (takes === '[on|off]') return 'on';
  if (optional) return rightValue(optional[1]!);
  const range = /^(?:seconds )?(-?[\d.]+)\.\.(-?[\d.]+)$/.exec(takes);
  if (range) return String(Math.min(Math.max(Number(range[1]), 2), Number(range[2])));
  const from = /^integer from (-?\d+)/.exec(takes);
  if (from) return String(Math.max(Number(from[1]), 2));
  if (/^[\w.-]+(\|[\w.-]+)+$/.test(takes)) return takes.split('|')[0]!;
  return SAMPLES[takes] ?? null;
}

const SAMPLES: Readonly<Record<string, string>> = {
  address: '192.0.2.77',
  'IPv4 address': '224.0.0.99',
  'IPv6 address': 'ff02::99',
  'command [user [group]]': '/bin/true',
  command: '/bin/true',
  'user [group]': 'root',
  path: '/tmp/path',
  name: 'name',
  host: 'www.example.org',
  password: 'secret',
  interface: 'eth9',
  'address [port]': '192.0.2.78 80',
  md5: 'd41d8cd98f00b204e9800998ecf8427e',
};

/** Values that the word does not take. */
function wrongValues(takes: string): string[] {
  const inner = /^\[(.*)\]$/.exec(takes)?.[1] ?? takes;
  const range = /^(seconds )?(-?[\d.]+)\.\.(-?[\d.]+)$/.exec(inner);
  if (range) {
    const [low, high] = [Number(range[2]), Number(range[3])];
    return [...(low > -1e9 ? [String(low - 1)] : []), String(high + 1), '12x', ...(range[1] ? [] : ['1.5'])];
  }
  if (/^integer from/.test(inner)) return ['-5', '99999999999', 'x'];
  if (/^[\w.-]+(\|[\w.-]+)+$/.test(inner)) return ['zzz'];
  if (/address/.test(inner)) return ['300.1.1.1', 'host'];
  if (inner === 'command [user [group]]' || inner === 'command') return ['"/bin/true', '/nonexistent'];
  return [];
}

/** Where keepalived's test looks at the machine, or does not come to an end. */
const LEFT_OUT = new Set([
  'net_namespace',
  'net_namespace_ipvs',
  'interface',
  'vrf',
  'use_vmac',
  'use_ipvlan',
  'include_check',
  'default_interface',
  'user',
  'script_user',
]);

function variationsOf({ row, path }: Home, others: readonly Home[], device: string): Variation[] {
  const right = rightValue(row.takes);
  const place = path.join('/') || 'top level';
  const made = (what: string, line: string, at = path): Variation => ({
    what: `${at.join('/') || 'top level'}: ${what}: ${line}`,
    text: wholeFile(at, line, device),
  });
  const lines = [
    made('bare', row.name),
    ...(right === null
      ? []
      : [made('right', `${row.name} ${right}`.trim()), made('extra', `${row.name} ${right} extra words`)]),
    ...wrongValues(row.takes).map((value) => made('wrong', `${row.name} ${value}`)),
  ];
  const foreign = others.find((other) => other.path.join('/') !== place && !knows(other, row.name));
  if (foreign && right !== null) lines.push(made('wrong block', `${row.name} ${right}`.trim(), foreign.path));
  return lines;
}

function knows(home: Home, name: string): boolean {
  const table = home.path.reduce<Table<never>>((table, each) => table.rows.get(each)!.table!, root as Table<never>);
  return table.rows.has(name);
}

/** All of them, in a fixed order. `knownTo` says which words the release has. */
export function variations(device: string, knownTo: (row: Row<never>) => boolean): Variation[] {
  const homes = collect(root as Table<never>, []).filter(({ row }) => knownTo(row) && !LEFT_OUT.has(row.name));
  const words = homes.filter(
    ({ row, path }) => row.shape === 'word' && !path.some((each) => BLOCKS_LEFT_OUT.has(each)),
  );
  const perBlock = [...new Map(words.map((home) => [home.path.join('/'), home])).values()];
  return words.flatMap((home, i) => variationsOf(home, [...perBlock.slice(i % perBlock.length), ...perBlock], device));
}

/** Blocks of later releases. */
const BLOCKS_LEFT_OUT = new Set(['auth_hmac']);
