/**
 * Keys that a sample expression makes: `balance hash EXPRESSION`. Values are hashed as bytes, whatever their type; a
 * request for which there is no value takes turns.
 */
import type { HashType } from '../../config/balance.ts';
import type { ProxyConf } from '../../config/haproxy.ts';
import type { SampleExpression } from '../../config/log-format.ts';
import type { Head } from '../../wire/http1-head.ts';
import type { Frontend } from '../frontend.ts';
import { type ClientAddress, destinationOf } from '../listener/client-address.ts';
import { NEEDS_LOCAL } from '../log/needs.ts';
import { SessionRecord } from '../log/record.ts';
import { type CompiledSample, castSample, compileSample } from '../sample/compile.ts';
import type { SampleWorld } from '../sample/sample-world.ts';
import { NO_KEY } from './balancer.ts';
import { type Hash, makeHash } from './hash-functions.ts';
import type { RequestKey } from './request-key.ts';

export class ExpressionKey implements RequestKey {
  private readonly sample: CompiledSample | null;
  private readonly home: ProxyConf;
  private readonly hash: Hash;
  private readonly record = new SessionRecord();

  constructor(expression: SampleExpression, hashType: HashType, world: SampleWorld, home: ProxyConf) {
    this.sample = castSample(compileSample(expression, world, home), 'bin');
    this.home = home;
    this.hash = makeHash(hashType);
  }

  compute(
    bytes: Uint8Array,
    head: Head | null,
    _end: number,
    address: ClientAddress,
    frontend: Frontend,
    fd: number,
  ): number {
    const { sample } = this;
    if (sample === null) return NO_KEY;
    if (sample.needs & NEEDS_LOCAL) this.fillLocal(address, fd);
    const value = sample.evaluate(this.fill(bytes, head, address, frontend));
    if (value === null) return NO_KEY;
    const text = Buffer.from(value as string, 'latin1');
    return this.hash(text, 0, text.length);
  }

  private fillLocal(address: ClientAddress, fd: number): void {
    const local = destinationOf(address, fd);
    const inet = local === null || local.family === 'unix' ? null : local;
    this.record.localHost = inet?.host ?? 'unix';
    this.record.localPort = inet?.port ?? 0;
  }

  /** What is known of the session by now; the head is let go of with the next request. */
  private fill(bytes: Uint8Array, head: Head | null, address: ClientAddress, { conf }: Frontend): SessionRecord {
    const r = this.record;
    r.clientHost = address.host;
    r.clientPort = address.port;
    r.clientFamily = address.family;
    r.frontend = conf.name;
    r.frontendConf = conf;
    r.backend = this.home.name;
    r.backendConf = this.home;
    r.mode = head === null ? 'tcp' : 'http';
    r.requestHead = head;
    r.requestBytes = bytes;
    return r;
  }
}
