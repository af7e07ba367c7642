/**
 * Lines of `virtual_ipaddress` and its relatives: an address and what `ip address add` would take behind it.
 *
 *     192.0.2.10/24 brd 192.0.2.255 dev eth0 scope global label eth0:vip no_track
 */
import { NOT_CARRIED_OUT } from '../../diagnostic.ts';
import type { Block, Statement, Word } from '../ast.ts';
import type { Context } from '../context.ts';
import { addressFamily, splitPrefix } from '../ip.ts';
import { hintsOn } from '../meant.ts';
import type { AddressNode } from '../nodes.ts';

/** rtnetlink's scope numbers (`/etc/iproute2/rt_scopes`). */
const SCOPES: Readonly<Record<string, number>> = {
  global: 0,
  universe: 0,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255,
};

/** Words that are understood and not carried out: with the number of words behind them. */
const NOT_CARRIED: Readonly<Record<string, number>> = {
  peer: 1,
  home: 0,
  '-nodad': 0,
  mngtmpaddr: 0,
  noprefixroute: 0,
  autojoin: 0,
  preferred_lft: 1,
  use_vmac: 0,
};

/** Addresses that are always there may follow a `track_group`; its name is kept. */
export function readStaticAddresses(block: Block, context: Context): Word[] {
  return block.statements.flatMap((statement) => {
    const at = statement.words.findIndex((word) => word.text === 'track_group');
    const group = at < 0 ? undefined : statement.words[at + 1];
    const words = group ? statement.words.filter((_word, i) => i !== at && i !== at + 1) : statement.words;
    readAddress({ ...statement, words }, context);
    return group ?? [];
  });
}

export function readAddresses(block: Block, context: Context): AddressNode[] {
  return block.statements.flatMap((statement) => readAddress(statement, context) ?? []);
}

export function readAddress(statement: Statement, context: Context): AddressNode | undefined {
  const [first, ...rest] = statement.words as [Word, ...Word[]];
  const split = splitPrefix(first.text);
  if (!split) {
    context.error('invalid-address', first, `VRRP parsed invalid IP ${first.text}. skipping IP...`, {
      expected: 'an address as in 192.0.2.10/24 or 2001:db8::10/64',
      ...hintsOn(first.text),
    });
    return undefined;
  }
  const node: AddressNode = {
    site: first,
    address: split.address,
    family: split.family,
    prefixLength: checkPrefix(split.prefixLength, split.family, first, context),
  };
  const peer = rest.find((word) => word.text === 'peer');
  if (peer && split.prefixLength !== null) {
    context.error('prefix-with-peer', first, 'Cannot specify address prefix when specifying peer address - ignoring');
  }
  readOptions(node, rest, context);
  return node;
}

function checkPrefix(length: number | null, family: 4 | 6, word: Word, context: Context): number {
  const longest = family === 4 ? 32 : 128;
  if (length === null) return longest;
  if (length >= 0 && length <= longest) return length;
  context.error('out-of-range', word, `prefix length outside range [0, ${longest}], using ${longest}`, {
    expected: `0 to ${longest}`,
    ...hintsOn(word.text),
  });
  return longest;
}

function readOptions(node: AddressNode, words: readonly Word[], context: Context): void {
  for (let i = 0; i < words.length; i++) {
    const option = words[i]!;
    const value = words[i + 1];
    const skipped = NOT_CARRIED[option.text];
    if (skipped !== undefined) {
      context.warning(NOT_CARRIED_OUT, option, `'${option.text}' is understood but not carried out`);
      i += skipped;
    } else if (option.text === 'no_track') node.noTrack = true;
    else if (!VALUED.includes(option.text)) {
      context.error(
        'unknown-option',
        option,
        `Unknown configuration entry '${option.text}' for ip address - ignoring`,
        {
          expected: [...VALUED, 'no_track'].join(', '),
        },
      );
    } else if (!value) {
      context.error('missing-value', option, `'${option.text}' is missing its value`);
    } else {
      storeOption(node, option.text, value, context);
      i++;
    }
  }
}

/** IFNAMSIZ without its final NUL. */
const LONGEST_LABEL = 15;
const VALUED = ['dev', 'brd', 'broadcast', 'scope', 'label'];

function storeOption(node: AddressNode, option: string, value: Word, context: Context): void {
  switch (option) {
    case 'dev':
      node.device = { value: value.text, site: value };
      break;
    case 'label':
      if (node.family === 6) {
        context.warning(
          'label-on-ipv6',
          value,
          `Cannot specify label for IPv6 addresses (${node.address}) - ignoring label`,
        );
      } else if (value.text.length > LONGEST_LABEL) {
        context.warning(
          'label-too-long',
          value,
          `Address label ${value.text} is longer than maximum length ${LONGEST_LABEL}`,
        );
      } else node.label = { value: value.text, site: value };
      break;
    case 'scope':
      storeScope(node, value, context);
      break;
    default:
      if (['+', '-'].includes(value.text) || addressFamily(value.text) === node.family) node.broadcast = value.text;
      else
        context.error('invalid-address', value, `'${value.text}' is not a broadcast address`, {
          expected: '+, - or an address',
        });
  }
}

function storeScope(node: AddressNode, value: Word, context: Context): void {
  const scope = SCOPES[value.text] ?? (/^\d+$/.test(value.text) ? Number(value.text) : Number.NaN);
  if (scope >= 0 && scope <= 255) node.scope = scope;
  else
    context.error('invalid-value', value, `unknown scope '${value.text}'`, {
      expected: Object.keys(SCOPES).join(', '),
    });
}
