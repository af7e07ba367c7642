/**
 * Descriptors and connections: how many connections a configuration gets when it does not say, and the descriptor limit
 * that they need (manual, chapter 3.1, "maxconn", "ulimit-n", "fd-hard-limit"; the figures are those of HAProxy 2.6's
 * `show info` under the same limit).
 *
 * A connection takes two descriptors, and a pipe where it may be spliced two more. What HAProxy keeps for itself is counted as HAProxy does, so that `maxconn` comes
 * out the same; what our processes take beyond that is asked of the kernel on top, and if it cannot be had, the proxy
 * accepts a few connections less than `maxconn` at a time.
 *
 * Node has already raised the soft limit to the hard one; only beyond that is anything asked of the kernel. Releases
 * of HAProxy since 2.3 refuse to start when they do not get what they need (`strict-limits`); the older ones, which the
 * default profile follows, go on with less.
 */
import type { HaproxyConfig } from '../config/haproxy.ts';
import { type FdLimit, writeFdLimit } from '../os/process.ts';

/** Logs, pollers and whatever is open for a moment. */
const RESERVED = 10;
const PER_THREAD = 3;
/** `stats maxconn` unless given. */
const STATS_CONNECTIONS = 10;
/** No fewer connections are ever computed. */
const FEWEST_CONNECTIONS = 100;
/** More descriptors are never taken by themselves: some systems allow a thousand million. */
const DEFAULT_HARD_LIMIT = 1_048_576;
/** What Node, its channels and the shared memory take in the proxy's process, beyond HAProxy's own needs. */
const OWN_DESCRIPTORS = 64;

export interface Needs {
  readonly maxconn: number;
  /** Descriptors for `maxconn` connections and all the rest. */
  readonly descriptors: number;
}

/** `limit` is that of the process before anything was raised. */
export function findNeeds(config: HaproxyConfig, limit: FdLimit, threads: number): Needs {
  const overhead = overheadOf(config, threads);
  const most = Math.min(limit.hard, config.global.limits.fdHardLimit ?? DEFAULT_HARD_LIMIT);
  const fitting = Math.max(FEWEST_CONNECTIONS, connectionsWithin(config, most - overhead));
  const maxconn = config.global.maxconn ?? fitting;
  return { maxconn, descriptors: 2 * maxconn + 2 * pipesFor(config, maxconn) + overhead };
}

function connectionsWithin(config: HaproxyConfig, descriptors: number): number {
  const { maxPipes } = config.global.pipes;
  const spliced = splicedOf(config);
  // A pipe for every fourth connection.
  const sharing = Math.floor(descriptors / 2.5);
  if (maxPipes === null && spliced >= sharing) return sharing;
  return Math.floor((descriptors - 2 * (maxPipes ?? Math.floor(spliced / 4))) / 2);
}

function pipesFor(config: HaproxyConfig, maxconn: number): number {
  return config.global.pipes.maxPipes ?? Math.floor(Math.min(maxconn, splicedOf(config)) / 4);
}

/** How many connections may be spliced at a time: those of the frontends that ask for it; a backend has no bound. */
function splicedOf(config: HaproxyConfig): number {
  const splicing = config.proxies.filter(({ splice }) => splice.auto || splice.request || splice.response);
  if (splicing.some(({ kind }) => kind !== 'frontend')) return Number.POSITIVE_INFINITY;
  return splicing.reduce((sum, { maxconn }) => sum + (maxconn ?? Number.POSITIVE_INFINITY), 0);
}

function overheadOf(config: HaproxyConfig, threads: number): number {
  const { statsSockets } = config.global.limits;
  const listeners = config.proxies.reduce((sum, proxy) => sum + proxy.listeners.length, 0);
  const checks = config.proxies.reduce((sum, proxy) => sum + proxy.servers.filter((server) => server.check).length, 0);
  const stats = statsSockets.length === 0 ? 0 : statsSockets.length + STATS_CONNECTIONS;
  return RESERVED + listeners + checks + stats + PER_THREAD * threads;
}

/** What is wrong with the limits, in HAProxy's words, and how many connections fit all the same. */
export interface FdVerdict {
  readonly problem: string;
  readonly maxconn: number;
}

/** Raises the limit as far as needed; null when there is room for everything. */
export function raiseFdLimit(config: HaproxyConfig, limit: FdLimit, threads: number): FdVerdict | null {
  const needs = findNeeds(config, limit, threads);
  const wanted = config.global.ulimitN ?? needs.descriptors;
  const most = config.global.limits.fdHardLimit ?? Number.POSITIVE_INFINITY;
  const fits = (available: number) => Math.max(1, connectionsWithin(config, available - overheadOf(config, threads)));
  if (wanted > most || !raiseTo(wanted, limit)) {
    const available = Math.min(limit.hard, most);
    const problem = `Cannot raise FD limit to ${wanted}, limit is ${available}.`;
    return { problem, maxconn: Math.min(needs.maxconn, fits(available)) };
  }
  if (needs.descriptors <= Math.max(wanted, config.global.ulimitN === null ? limit.hard : 0)) return null;
  const problem =
    `FD limit (${wanted}) too low for maxconn=${needs.maxconn}/maxsock=${needs.descriptors}. ` +
    `Please raise 'ulimit-n' to ${needs.descriptors} or more to avoid any trouble.`;
  return { problem, maxconn: fits(wanted) };
}

/** With room for ourselves if it can be had. */
function raiseTo(wanted: number, { hard }: FdLimit): boolean {
  const generous = wanted + OWN_DESCRIPTORS;
  if (generous <= hard || writeFdLimit({ soft: generous, hard: generous }) === 0) return true;
  return wanted <= hard || writeFdLimit({ soft: wanted, hard: wanted }) === 0;
}
