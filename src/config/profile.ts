/**
 * The compatibility profile: whose verdict a configuration test gives.
 *
 * `default` understands every generation of both languages and warns where a word is gone from current releases. The
 * others answer as one release of an original does: words it does not have are unknown, words it dropped are errors,
 * and the severity is its own. Chosen with the environment variable TANDEM_COMPAT.
 */
export const PROFILES = ['default', 'haproxy-2.6', 'haproxy-3.4', 'keepalived-2.2', 'keepalived-2.4'] as const;

export type Profile = (typeof PROFILES)[number];

/** Reads TANDEM_COMPAT; null when it names no profile, so that the caller can say so. Unset and empty mean default. */
export function parseProfile(value: string | undefined): Profile | null {
  if (value === undefined || value === '') return 'default';
  return PROFILES.find((profile) => profile === value) ?? null;
}
