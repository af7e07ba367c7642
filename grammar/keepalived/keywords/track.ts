/**
 * Things that VRRP can follow besides scripts and interfaces: files, processes, BFD sessions; and groups of gratuitous
 * ARP. Understood, not carried out yet.
 */
import type { Statement, Word } from '../ast.ts';
import type { Context } from '../context.ts';
import { block, kept, known, knownList, type Row, type RowFacts, type Table, table } from '../keyword.ts';
import type { DocumentNode, TrackedNode } from '../nodes.ts';
import {
  address,
  blockName,
  boolean,
  flag,
  integer,
  oneOf,
  optional,
  seconds,
  sited,
  someWords,
  text,
  weight,
  words,
} from '../readers.ts';

/** Nothing is stored: the rows only check. */
type Unstored = Record<string, never>;

const trackFile: Table<TrackedNode> = table('track_file', [
  known(
    'file',
    sited(text('path')),
    { doc: 'The file; it holds a number', since: '2.0.0', missing: 'error' },
    (node: TrackedNode, { value, site }) => {
      if (node.subject === undefined) node.subject = value;
      else node.repeated = site;
    },
  ),
  kept('weight', 'weight', weight(-254, 254), { doc: 'Multiplies the number', since: '2.0.0', missing: 'error' }),
  known('init_file', words, { doc: 'Write the file at start', since: '2.0.0' }),
]);

const trackProcess: Table<TrackedNode> = table('vrrp_track_process', [
  known(
    'process',
    someWords('a command'),
    { doc: 'Name or command line of the process', since: '2.0.11' },
    (node: TrackedNode, line) => {
      node.subject = line.map((word) => word.text).join(' ');
    },
  ),
  known('param_match', optional(oneOf('initial', 'partial')), { doc: 'How parameters are compared', since: '2.0.16' }),
  kept('weight', 'weight', weight(-254, 254), {
    doc: 'What it adds to the priority',
    since: '2.0.11',
    missing: 'error',
  }),
  kept('quorum', 'quorum', integer(1, 65535), { doc: 'Processes that are enough', since: '2.0.11' }),
  kept('quorum_max', 'quorumMax', sited(integer(0, 65535)), { doc: 'Processes that are too many', since: '2.0.16' }),
  known('delay', seconds(0.000001, 3600), { doc: 'Seconds a change must last', since: '2.0.11' }),
  known('terminate_delay', seconds(0.000001, 3600), { doc: 'Seconds an end must last', since: '2.0.16' }),
  known('fork_delay', seconds(0.000001, 3600), { doc: 'Seconds a start must last', since: '2.0.16' }),
  known('full_command', flag, { doc: 'Compare the whole command line', since: '2.0.11' }),
]);

const MS = 4_294_967;

function requireNeighbor(node: TrackedNode, context: Context, at: Statement): void {
  if (node.subject !== undefined) return;
  const message = `BFD instance ${node.name.text} has no neighbor address set, disabling instance`;
  context.warning('no-neighbor', context.endOf(at), message);
}

const bfdInstance: Table<TrackedNode> = table('bfd_instance', [
  known('source_ip', address, { doc: 'Own address', since: '2.0.0' }),
  kept('neighbor_ip', 'subject', address, { doc: 'Address of the other side', since: '2.0.0' }),
  kept('neighbour_ip', 'subject', address, { doc: 'Address of the other side', since: '2.0.0' }),
  known('min_rx', seconds(1, MS), { doc: 'Milliseconds between packets received', since: '2.0.0' }),
  known('min_tx', seconds(1, MS), { doc: 'Milliseconds between packets sent', since: '2.0.0' }),
  known('idle_tx', seconds(1000, MS), { doc: 'The same while the session is down', since: '2.0.0' }),
  known('multiplier', integer(1, 255), { doc: 'Packets missed before the session is down', since: '2.0.0' }),
  known('passive', flag, { doc: 'Wait for the other side', since: '2.0.0' }),
  known('ttl', integer(1, 255), { doc: 'TTL of packets sent', since: '2.0.0' }),
  known('hoplimit', integer(1, 255), { doc: 'Hop limit of packets sent', since: '2.0.0' }),
  known('max_hops', integer(-1, 255), { doc: 'Hops a packet may have made', since: '2.0.0' }),
  known('multihop', boolean, { doc: 'The other side is behind routers', since: '2.2.8' }),
  kept('weight', 'weight', weight(-253, 253), { doc: 'What it adds to the priority', since: '2.0.0' }),
  known('vrrp', flag, { doc: 'For VRRP only', since: '2.0.0' }),
  known('checker', flag, { doc: 'For checkers only', since: '2.0.0' }),
]);

interface GarpGroupNode {
  garpUs?: number;
  gnaUs?: number;
}

function requireDelay(node: GarpGroupNode, context: Context, at: Statement): void {
  if (node.garpUs || node.gnaUs) return;
  context.error('missing-subject', context.endOf(at), 'garp group does not have any delay set - removing', {
    expected: 'garp_interval or gna_interval',
  });
}

const garpGroup: Table<GarpGroupNode> = table('garp_group', [
  kept('garp_interval', 'garpUs', seconds(0, 4294), { doc: 'Seconds between two ARPs', since: '1.2.21' }),
  kept('gna_interval', 'gnaUs', seconds(0, 4294), { doc: 'Seconds between two neighbour adverts', since: '1.2.21' }),
  known('interface', text('interface'), { doc: 'The interface', since: '1.2.21' }),
  knownList<GarpGroupNode>('interfaces', { doc: 'Interfaces that share the pace', since: '1.2.21' }),
]);

const trackGroup: Table<Unstored> = table('track_group', [
  knownList('group', { doc: 'Instances that follow the static addresses', since: '2.0.3' }),
]);

function openGroup(document: DocumentNode, name: Word): Unstored {
  document.trackGroups.push(name);
  return {};
}

type Tracked = 'trackFiles' | 'trackProcesses' | 'bfdSessions';

/** A new named thing; the first one of a name counts. */
function opener(list: Tracked, what: string) {
  return (document: DocumentNode, name: Word, _statement: Statement, context: Context): TrackedNode => {
    const node: TrackedNode = { name };
    if (document[list].some((other) => other.name.text === name.text)) {
      context.error('duplicate-track', name, `${what} ${name.text} already defined`);
    } else document[list].push(node);
    return node;
  };
}

/** `what` needs its `keyword`. */
function requireSubject(what: string, keyword: string) {
  return (node: TrackedNode, context: Context, at: Statement): void => {
    node.end = context.endOf(at, node.name);
    if (node.repeated)
      context.error('repeated-keyword', node.repeated, `${keyword} already set for ${what} ${node.name.text}`);
    if (node.quorumMax && node.quorumMax.value < (node.quorum ?? 1)) {
      const end = context.endOf(at, node.quorumMax.site);
      context.warning('quorum-ignored', end, 'quorum_max is less than quorum - ignoring');
    }
    if (node.subject !== undefined) return;
    context.error('missing-subject', node.end, `No ${keyword} set for ${what} ${node.name.text} - removing`);
  };
}

const uncarried = (doc: string, since: string, more: Partial<RowFacts> = {}) =>
  ({ doc, since, carried: false, ...more }) as const;

export const trackRows: readonly Row<DocumentNode>[] = [
  block('track_file', blockName, opener('trackFiles', 'track_file'), trackFile, {
    ...uncarried('A file with a number', '2.0.0'),
    end: requireSubject('track_file', 'file'),
  }),
  block('vrrp_track_file', blockName, opener('trackFiles', 'track_file'), trackFile, {
    ...uncarried('A file with a number', '2.0.0', { deprecated: '2.1.0', modern: 'track_file', silent: true }),
    end: requireSubject('track_file', 'file'),
  }),
  block('vrrp_track_process', blockName, opener('trackProcesses', 'track process'), trackProcess, {
    ...uncarried('A process that must run', '2.0.11'),
    end: requireSubject('track process', 'process'),
  }),
  block('bfd_instance', blockName, opener('bfdSessions', 'BFD instance'), bfdInstance, {
    ...uncarried('A BFD session', '2.0.0', { build: 'bfd' }),
    end: requireNeighbor,
  }),
  block('garp_group', flag, (): GarpGroupNode => ({}), garpGroup, {
    ...uncarried('Pace of ARPs on some interfaces', '1.2.21'),
    end: requireDelay,
  }),
  block('track_group', blockName, openGroup, trackGroup, uncarried('Instances that follow static addresses', '2.0.3')),
];
