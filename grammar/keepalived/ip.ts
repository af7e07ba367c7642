/** IP addresses as keepalived.conf writes them. No names: keepalived looks none up here. */
import { isIPv4, isIPv6 } from 'node:net';

export function addressFamily(text: string): 4 | 6 | undefined {
  if (isIPv4(text)) return 4;
  return isIPv6(text) && !text.includes('%') ? 6 : undefined;
}

export interface PrefixedAddress {
  readonly address: string;
  readonly family: 4 | 6;
  /** Null when absent, NaN when it is not a number. */
  readonly prefixLength: number | null;
}

export function splitPrefix(text: string): PrefixedAddress | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = addressFamily(address);
  if (!family) return undefined;
  if (slash < 0) return { address, family, prefixLength: null };
  const digits = text.slice(slash + 1);
  return { address, family, prefixLength: /^\d+$/.test(digits) ? Number(digits) : Number.NaN };
}
