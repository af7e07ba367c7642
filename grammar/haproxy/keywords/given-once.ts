/**
 * Words of the global section that count once: the first line stays in force, and a later one is told and left out. The
 * original prints an alert that does not stop it; here it is a warning. Words that are not listed take their last line.
 */
import type { KeywordRow } from '../keyword.ts';
import type { GlobalNode, GlobalSettings } from '../nodes.ts';

interface Once {
  readonly key: keyof GlobalSettings;
  /** In the original's words. */
  readonly says?: string;
}

const once: Readonly<Record<string, Once>> = {
  maxconn: { key: 'maxconn' },
  'ulimit-n': { key: 'ulimitN' },
  'fd-hard-limit': { key: 'fdHardLimit' },
  maxconnrate: { key: 'maxconnRate' },
  maxsessrate: { key: 'maxsessRate' },
  maxpipes: { key: 'maxPipes' },
  chroot: { key: 'chroot' },
  'log-send-hostname': { key: 'logSendHostname' },
  'spread-checks': { key: 'spreadChecks', says: 'spread-checks already specified. Continuing.' },
  user: { key: 'user', says: 'user/uid already specified. Continuing.' },
  uid: { key: 'user', says: 'user/uid already specified. Continuing.' },
  group: { key: 'group', says: 'gid/group was already specified. Continuing.' },
  gid: { key: 'group', says: 'group/gid already specified. Continuing.' },
};

/** The same row, which leaves the setting alone when a line before has given it. 0 is as good as nothing. */
export function keepFirst(row: KeywordRow<GlobalNode>): KeywordRow<GlobalNode> {
  const found = Object.hasOwn(once, row.name) ? once[row.name] : undefined;
  const { apply } = row;
  if (found === undefined || apply === undefined) return row;
  const { key, says = `'${row.name}' already specified. Continuing.` } = found;
  return {
    ...row,
    apply: (node, call, ...values) => {
      const before = node.settings[key];
      if (before === undefined || before === 0) apply(node, call, ...values);
      else call.diagnostics.warning('duplicate-keyword', call.at, says);
    },
  };
}
