/**
 * Writes the `Forwarded` field of RFC 7239 for requests to servers (manual: `option forwarded`), as HAProxy 2.8 does:
 *
 *     forwarded: proto=http;host="example.com";by=10.0.0.1;for="[2001:db8::1]:4711"
 *
 * A node that nobody knows, or whose expression gives neither an address nor an identifier, is `unknown`; a port that is
 * none is left out. Identifiers begin with `_` (RFC 7239, 6.3): what lacks it gets it. A field that the client sent stays
 * as it is, before ours.
 */

import type { ForwardedConf, ForwardedSource } from '../../config/forwarded.ts';
import type { ProxyConf } from '../../config/haproxy.ts';
import { findField, type Head } from '../../wire/http1-head.ts';
import { NEEDS_LOCAL } from '../log/needs.ts';
import type { SessionRecord } from '../log/record.ts';
import { type CompiledSample, castSample, compileSample } from '../sample/compile.ts';
import { fieldValue } from '../sample/message-parts.ts';
import type { SampleWorld } from '../sample/sample-world.ts';
import { textAddress } from '../sample/value.ts';
import type { HttpStep, LineSink } from './http-steps.ts';
import type { Transaction } from './http-transaction.ts';

/** Null: nothing is known. */
type Read = (r: SessionRecord) => string | null;

interface Source {
  readonly read: Read;
  readonly needs: number;
}

export interface PreparedForwarded {
  /** Bits of log/needs.ts. */
  readonly needs: number;
  /** The field's value, '' when there is nothing to tell. The record has the request's head. */
  readonly build: (r: SessionRecord) => string;
}

const HOST = Buffer.from('host', 'latin1');
const NONE: Source = { read: () => null, needs: 0 };

const ownHost: Source = { read: ({ requestHead, requestBytes }) => hostOf(requestBytes, requestHead), needs: 0 };
const ownBy: Source = { read: (r) => r.localHost, needs: NEEDS_LOCAL };
const ownByPort: Source = { read: (r) => (r.localHost === 'unix' ? null : String(r.localPort)), needs: NEEDS_LOCAL };
const ownFor: Source = { read: (r) => r.clientHost, needs: 0 };
const ownForPort: Source = { read: (r) => (r.clientFamily === 'unix' ? null : String(r.clientPort)), needs: 0 };

export function prepareForwarded(
  conf: ForwardedConf | null,
  world: SampleWorld,
  home: ProxyConf,
): PreparedForwarded | null {
  if (conf === null) return null;
  const source = (from: ForwardedSource, own: Source): Source => {
    if (from === null) return NONE;
    return from === 'own' ? own : expressionSource(castSample(compileSample(from, world, home), 'str'));
  };
  const host = source(conf.host, ownHost);
  const by = source(conf.by, ownBy);
  const byPort = source(conf.byPort, ownByPort);
  const client = source(conf.for, ownFor);
  const clientPort = source(conf.forPort, ownForPort);
  const build = (r: SessionRecord): string => {
    const told: string[] = conf.proto ? [`proto=${r.tls ? 'https' : 'http'}`] : [];
    const name = host.read(r);
    if (name !== null && !UNSAFE.test(name)) told.push(`host=${inQuotes(name)}`);
    if (conf.by !== null) told.push(`by=${nodeText(by.read(r), byPort.read(r))}`);
    if (conf.for !== null) told.push(`for=${nodeText(client.read(r), clientPort.read(r))}`);
    return told.join(';');
  };
  const needs = [host, by, byPort, client, clientPort].reduce((all, each) => all | each.needs, 0);
  return { needs, build };
}

function expressionSource(sample: CompiledSample | null): Source {
  return sample === null ? NONE : { read: sample.evaluate as Read, needs: sample.needs };
}

function hostOf(bytes: Uint8Array, head: Head | null): string | null {
  const at = head === null ? -1 : findField(bytes, head, HOST);
  return at < 0 ? null : fieldValue(bytes, head!, at);
}

/** A converter may have made what must not stand in a field: it would begin another one. */
const UNSAFE = /[\x00-\x1f\x7f]/;

function inQuotes(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

const IDENTIFIER = /^[A-Za-z0-9._-]+$/;
const PORT = /^\d{1,5}$/;

/** A node and its port: in quotes where a bare word could not hold it. */
export function nodeText(node: string | null, port: string | null): string {
  const name = nodeName(node);
  const number = nodePort(port);
  if (number !== null) return `"${name}:${number}"`;
  return name.startsWith('[') ? `"${name}"` : name;
}

function nodeName(node: string | null): string {
  if (node === null || node === 'unix') return 'unknown';
  const bare = node.startsWith('[') && node.endsWith(']') ? node.slice(1, -1) : node;
  if (bare.includes(':')) return textAddress(bare) === null ? 'unknown' : `[${bare}]`;
  if (node === 'unknown' || textAddress(node) !== null) return node;
  if (!IDENTIFIER.test(node)) return 'unknown';
  return node.startsWith('_') && node.length > 1 ? node : `_${node}`;
}

function nodePort(port: string | null): string | null {
  if (port === null || !IDENTIFIER.test(port)) return null;
  if (PORT.test(port) && Number(port) <= 65535) return port;
  return port.startsWith('_') && port.length > 1 ? port : `_${port}`;
}

export class ForwardedStep implements HttpStep {
  private readonly forwarded: PreparedForwarded;

  constructor(forwarded: PreparedForwarded) {
    this.forwarded = forwarded;
  }

  onRequest(transaction: Transaction, bytes: Uint8Array, head: Head, lines: LineSink): void {
    const { needs, build } = this.forwarded;
    const value = build(transaction.idMaker!.describeRequest(needs, head, bytes));
    if (value !== '') lines.add(Buffer.from(`forwarded: ${value}\r\n`, 'latin1'));
  }
}
