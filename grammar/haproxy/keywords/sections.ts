/**
 * Words of the sections that nothing here carries out (manual, chapters 3.5 to 3.13, 5.3, 6, 10, 12). The section is
 * read so that the file loads: known words pass, unknown ones are errors, and the header gets one warning.
 */
import { isAtLeast, type Release } from '../keyword.ts';
import type { SectionName } from '../lexer.ts';

/** Words of each section; two-word names stand for their first word. */
const words: Partial<Record<SectionName, string>> = {
  resolvers: 'accepted_payload_size nameserver parse-resolv-conf hold resolve_retries timeout resolution_pool_size',
  peers: 'bind default-bind default-server disabled enabled log peer server shards table',
  userlist: 'group user',
  mailers: 'mailer timeout',
  ring: 'backing-file description format maxlen server size timeout',
  'http-errors': 'errorfile',
  'log-forward': 'backlog bind dgram-bind log maxconn timeout option',
  'log-profile': 'log-tag on',
  cache: 'total-max-size max-object-size max-age process-vary max-secondary-entries',
  'fcgi-app': 'acl docroot index log-stderr pass-header hide-header path-info option set-param unset-param',
  'crt-store': 'crt-base key-base load',
  program: 'command user group option',
  traces: 'trace',
  acme: `account-key acme-vars bits challenge challenge-ready contact curves directory dns-delay dns-timeout keytype map
    profile provider-name reuse-key eab-key-id eab-mac-key eab-mac-alg`,
  healthcheck: 'type http-check tcp-check',
  namespace_list: 'namespace',
};

const removed: Partial<Record<SectionName, string>> = { program: '3.3', ruleset: '1.6' };

/** Releases that brought a section, where it matters. */
const since: Partial<Record<SectionName, string>> = {
  peers: '1.5',
  mailers: '1.6',
  resolvers: '1.6',
  cache: '1.8',
  program: '2.0',
  'fcgi-app': '2.1',
  ring: '2.2',
  'http-errors': '2.2',
  'log-forward': '2.3',
  'crt-store': '3.0',
  'log-profile': '3.1',
  traces: '3.1',
  acme: '3.2',
  healthcheck: '3.4',
};

export function wordsOfSection(name: SectionName): readonly string[] | null {
  return words[name]?.split(/\s+/) ?? null;
}

/** Is this word a section header in that release? */
export function isSectionIn(release: Release, name: SectionName): boolean {
  const { [name]: gone } = removed;
  return isAtLeast(release, since[name] ?? '1.1') && !(gone && isAtLeast(release, gone));
}
