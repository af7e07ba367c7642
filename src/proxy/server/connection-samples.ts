/**
 * What formats and expressions of a `server` line make of a session: fields of the PROXY header that its connection begins
 * with (`set-proxy-v2-tlv-fmt`), and the name of connections that may serve it (`pool-conn-name`; manual, chapter 5.2).
 *
 * One a server and worker, and only where a configuration asks for it. A request is looked at as it goes to the server.
 */
import type { GlobalConf, ProxyConf } from '../../config/haproxy.ts';
import type { ServerLink } from '../../config/server-link.ts';
import { parseRequestHead } from '../../wire/http1.ts';
import { Head } from '../../wire/http1-head.ts';
import type { ProxyTlv } from '../../wire/proxy-protocol.ts';
import { compileLogFormat } from '../log/compile.ts';
import type { SessionRecord } from '../log/record.ts';
import { castSample, compileSample } from '../sample/compile.ts';
import type { SampleWorld } from '../sample/sample-world.ts';
import type { SessionOrigin } from './session-origin.ts';

/** What a header of version 2 has of its own at most: both addresses, a checksum, and what `proxy-v2-options` adds. */
const OWN_ROOM = 512;

interface PreparedField {
  readonly type: number;
  readonly build: (r: SessionRecord) => string;
}

export class ConnectionSamples {
  /** Bits of log/needs.ts. */
  readonly needs: number;
  private readonly fields: readonly PreparedField[];
  private readonly readName: ((r: SessionRecord) => string | null) | null;
  private readonly room: number;

  constructor({ proxyFields, connectionName }: ServerLink, world: SampleWorld, home: ProxyConf) {
    const formats = proxyFields.map(({ format }) => compileLogFormat(format, world, home, 'field'));
    this.fields = proxyFields.map(({ type }, i) => ({ type, build: formats[i]!.build }));
    const name = connectionName && castSample(compileSample(connectionName, world, home), 'str');
    this.readName = name && (name.evaluate as (r: SessionRecord) => string | null);
    this.needs = [...formats, name].reduce((all, each) => all | (each?.needs ?? 0), 0);
    this.room = roomFor(world.global);
  }

  /** Null where a server has none. */
  static of(link: ServerLink, world: SampleWorld, home: ProxyConf): ConnectionSamples | null {
    const isAsked = link.proxyFields.length > 0 || link.connectionName !== null;
    return isAsked ? new ConnectionSamples(link, world, home) : null;
  }

  /** In the order of the line; those that do not fit into a buffer any more are left out, as HAProxy does. */
  makeFields(origin: SessionOrigin): ProxyTlv[] {
    if (this.fields.length === 0) return [];
    // A field may show it: it has to be made before.
    const { uniqueId } = origin;
    const record = this.describe(origin);
    record.uniqueId = uniqueId;
    const made: ProxyTlv[] = [];
    let { room } = this;
    for (const { type, build } of this.fields) {
      const value = Buffer.from(build(record), 'latin1');
      if (value.length + 3 > room) continue;
      room -= value.length + 3;
      made.push({ type, value });
    }
    return made;
  }

  /** Null: connections have no names, or this session's have none. */
  nameFor(origin: SessionOrigin): string | null {
    return this.readName === null ? null : this.readName(this.describe(origin));
  }

  private describe(origin: SessionOrigin): SessionRecord {
    const { requestBytes } = origin;
    if (requestBytes === null) return origin.describe(this.needs, null, NO_BYTES);
    const { bytes, start, end } = requestBytes;
    const isWhole = parseRequestHead(bytes, start, end, head) > 0;
    return origin.describe(this.needs, isWhole ? head : null, bytes);
  }
}

const NO_BYTES = new Uint8Array(0);
const head = new Head(500);

function roomFor({ tuneBufsize }: Pick<GlobalConf, 'tuneBufsize'>): number {
  return Math.min(tuneBufsize, 0xffff) - OWN_ROOM;
}
