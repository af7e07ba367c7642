/**
 * Built-in values that differ between releases of HAProxy, for a configuration that says nothing itself.
 *
 * The default profile keeps those of 3.2 and before: files in the wild were written and tested with them, and
 * balancing by chance instead of by turns, or giving up requests whose clients have half closed, would show. Values
 * that never changed stand where records are made (`resolve-*.ts`). Whose words are known at all is the language's
 * business (`grammar/haproxy/keyword.ts`).
 */
import type { Balance } from './balance.ts';

export interface ReleaseDefaults {
  /** Of a proxy without `balance`. */
  readonly balance: Balance;
  /** `option abortonclose` of proxies in mode http. */
  readonly abortsOnClose: boolean;
}

/** Up to HAProxy 3.2. */
export const earlierDefaults: ReleaseDefaults = { balance: { algorithm: 'roundrobin' }, abortsOnClose: false };

const since33: ReleaseDefaults = { balance: { algorithm: 'random', draws: 2 }, abortsOnClose: true };

export function defaultsOf({ release: [major, minor], lenient }: ReleaseOf): ReleaseDefaults {
  const isLater = major > 3 || (major === 3 && minor >= 3);
  return isLater && !lenient ? since33 : earlierDefaults;
}

interface ReleaseOf {
  readonly release: readonly [number, number];
  /** The default profile: a language of all releases. */
  readonly lenient: boolean;
}
