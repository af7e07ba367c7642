/** What may stand outside all blocks. */

import type { Word } from '../ast.ts';
import { block, known, knownList, list, type Table, table } from '../keyword.ts';
import type { DocumentNode, InstanceNode, SyncGroupNode, VrrpScriptNode } from '../nodes.ts';
import { blockName, flag, integer, optional, sited, text } from '../readers.ts';
import { readStaticAddresses } from './addresses.ts';
import { globalDefs } from './global-defs.ts';
import { readRoutes, readRules } from './routes.ts';
import { trackRows } from './track.ts';
import { lvsRows } from './virtual-server.ts';
import { vrrpInstance } from './vrrp-instance.ts';
import { vrrpScript } from './vrrp-script.ts';
import { vrrpSyncGroup } from './vrrp-sync-group.ts';

function newInstance(word: Word): InstanceNode {
  return {
    name: word,
    addresses: [],
    excluded: [],
    trackScripts: [],
    trackInterfaces: [],
    trackFiles: [],
    trackProcesses: [],
    trackBfds: [],
    routeDevices: [],
    notify: {},
    repeated: [],
    garp: {},
  };
}

export const root: Table<DocumentNode> = table('root', [
  block('global_defs', flag, (document) => document.global, globalDefs, {
    doc: 'Settings of the whole program',
    since: '0.5.3',
  }),
  block(
    'vrrp_script',
    blockName,
    (document, word) => {
      const node: VrrpScriptNode = { name: word };
      document.scripts.push(node);
      return node;
    },
    vrrpScript,
    {
      doc: 'A program that is run in turn and moves priorities',
      since: '1.1.13',
      end: (node, context, at) => {
        node.end = context.endOf(at, node.name);
      },
    },
  ),
  block(
    'vrrp_sync_group',
    blockName,
    (document, word, _statement, context) => {
      const isKnown = document.syncGroups.some((group) => group.name.text === word.text);
      if (isKnown) context.error('duplicate-group', word, `vrrp sync group ${word.text} already defined`);
      if (isKnown) return null;
      const node: SyncGroupNode = {
        name: word,
        members: [],
        trackScripts: [],
        trackInterfaces: [],
        trackFiles: [],
        trackProcesses: [],
        trackBfds: [],
        notify: {},
        repeated: [],
      };
      document.syncGroups.push(node);
      return node;
    },
    vrrpSyncGroup,
    { doc: 'Instances that change state together', since: '0.6.1' },
  ),
  block(
    'vrrp_instance',
    blockName,
    (document, word, _statement, context) => {
      const isKnown = document.instances.some((instance) => instance.name.text === word.text);
      if (isKnown) context.error('duplicate-instance', word, `vrrp instance ${word.text} already defined`);
      if (isKnown) return null;
      const node = newInstance(word);
      document.instances.push(node);
      return node;
    },
    vrrpInstance,
    {
      doc: 'One virtual router',
      since: '0.5.3',
      end: (node, context, at) => {
        node.end = context.endOf(at, node.name);
      },
    },
  ),
  known(
    'instance',
    text('name'),
    {
      doc: 'Name of this keepalived among several',
      since: '1.2.24',
      missing: 'error',
      accept: ['instance one'],
      reject: [['instance', 'argument-needed']],
    },
    (document: DocumentNode, value) => {
      document.global.instanceName = value;
    },
  ),
  known(
    'net_namespace',
    sited(text('name')),
    { doc: 'Network namespace to run in', since: '1.2.24' },
    (document: DocumentNode, value) => {
      document.global.netNamespace = value;
    },
  ),
  known('net_namespace_ipvs', optional(text('name')), { doc: 'Network namespace of IPVS', since: '2.1.0' }),
  known('namespace_with_ipsets', flag, { doc: 'ipsets work in the namespace', since: '1.3.0' }),
  known('use_pid_dir', flag, { doc: 'pid files in a directory of their own', since: '1.2.24' }),
  known('child_wait_time', integer(0, 2 ** 31 - 1), { doc: 'Seconds to wait for the children to end', since: '2.0.0' }),
  known('linkbeat_use_polling', flag, { doc: 'Poll the link state', since: '1.1.18' }),
  knownList('linkbeat_interfaces', { doc: 'Interfaces whose link state is polled', since: '2.0.13' }),
  list(
    'static_ipaddress',
    (document, entries, context) => {
      document.trackGroupUses.push(...readStaticAddresses(entries, context));
    },
    { doc: 'Addresses that are always there', since: '1.1.0', carried: false },
  ),
  list('static_routes', (document, entries, context) => document.routeDevices.push(...readRoutes(entries, context)), {
    doc: 'Routes that are always there',
    since: '1.0.1',
    carried: false,
  }),
  list('static_rules', (document, entries, context) => document.routeDevices.push(...readRules(entries, context)), {
    doc: 'Routing rules that are always there',
    since: '1.2.20',
    carried: false,
  }),
  list('real_server_group', () => {}, {
    doc: 'Servers of several virtual servers',
    since: '0.5.9',
    removed: '1.0.1',
    named: true,
  }),
  ...trackRows,
  ...lvsRows,
  knownList('interface_up_down_delays', { doc: 'Delays of link changes', since: '2.2.3' }),
]);
