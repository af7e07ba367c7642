/** `vrrp_sync_group NAME { }`: instances that change state together. keepalived.conf(5), "VRRP synchronization group(s)". */
import { known, knownList, list, type Row, type RowFacts, type Table, table, word } from '../keyword.ts';
import type { SyncGroupNode } from '../nodes.ts';
import { flag } from '../readers.ts';
import { notifyRows } from './notify.ts';
import { readTracked } from './tracking.ts';

/** Tracked things of a group are checked, not carried out. */
function trackList(name: string, what: string, limit: number, facts: RowFacts): Row<SyncGroupNode> {
  return list<SyncGroupNode>(
    name,
    (_node, entries, context) => {
      readTracked(entries, context, what, limit);
    },
    { ...facts, carried: false, takes: 'name [weight n [reverse]]' },
  );
}

export const vrrpSyncGroup: Table<SyncGroupNode> = table('vrrp_sync_group', [
  list(
    'group',
    (node, entries) => {
      node.members.push(...entries.statements.flatMap((statement) => statement.words));
    },
    { doc: 'The instances of the group', since: '0.6.4', takes: 'instance..' },
  ),
  trackList('track_interface', 'track interface', 253, {
    doc: 'Interfaces that count for the whole group',
    since: '1.0.1',
  }),
  trackList('track_script', 'track script', 253, {
    doc: 'vrrp_scripts that count for the whole group',
    since: '1.1.13',
  }),
  trackList('track_file', 'track file', 254, { doc: 'track_files that count for the whole group', since: '2.0.0' }),
  trackList('track_process', 'track process', 254, {
    doc: 'vrrp_track_processes that count for the whole group',
    since: '2.0.11',
  }),
  knownList('track_bfd', {
    doc: 'BFD sessions that count for the whole group',
    since: '2.0.0',
    build: 'bfd',
  }),
  known('global_tracking', flag, {
    doc: 'Members share what they track',
    since: '1.2.3',
    deprecated: '2.0.0',
    modern: 'track_script',
    inert: true,
  }),
  word(
    'sync_group_tracking_weight',
    flag,
    (node) => {
      node.trackingWeight = true;
    },
    { doc: 'Weights of tracked objects count in a group', since: '2.0.0', accept: ['sync_group_tracking_weight'] },
  ),
  ...notifyRows<SyncGroupNode>(),
]);
