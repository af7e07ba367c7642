/** `vrrp_sync_group NAME { }`: instances that change state together. keepalived.conf(5), "VRRP synchronization group(s)". */
import { known, list, type Row, type RowFacts, type Table, table, word } from '../keyword.ts';
import type { SyncGroupNode } from '../nodes.ts';
import { flag } from '../readers.ts';
import { notifyRows } from './notify.ts';
import { readTracked } from './tracking.ts';

/** Tracked things of a group are checked, not carried out. */
type TrackKey = 'trackScripts' | 'trackInterfaces' | 'trackFiles' | 'trackProcesses' | 'trackBfds';

function trackList(name: string, key: TrackKey, limit: number, facts: RowFacts): Row<SyncGroupNode> {
  return list<SyncGroupNode>(
    name,
    (node, entries, context) => {
      node[key].push(...readTracked(entries, context, name.replace('_', ' '), limit));
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
  trackList('track_interface', 'trackInterfaces', 253, {
    doc: 'Interfaces that count for the whole group',
    since: '1.0.1',
  }),
  trackList('track_script', 'trackScripts', 253, {
    doc: 'vrrp_scripts that count for the whole group',
    since: '1.1.13',
  }),
  trackList('track_file', 'trackFiles', 254, { doc: 'track_files that count for the whole group', since: '2.0.0' }),
  trackList('track_process', 'trackProcesses', 254, {
    doc: 'vrrp_track_processes that count for the whole group',
    since: '2.0.11',
  }),
  trackList('track_bfd', 'trackBfds', 253, {
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
