/** A check target for tests: a server on a port of 127.0.0.1, checked by connecting. */
import type { ServerCheckConf } from '../../../src/config/haproxy.ts';
import { defaultServerLink } from '../../../src/config/server-link.ts';
import type { CheckTarget } from '../../../src/config/slice.ts';

export function makeTarget(changes: Partial<CheckTarget> = {}, check: Partial<ServerCheckConf> = {}): CheckTarget {
  return {
    proxyId: 2,
    serverId: 1,
    proxyName: 'db',
    serverName: 'db1',
    address: { kind: 'ip', host: '127.0.0.1', port: 1, portOffset: false, family: 4 },
    method: { kind: 'tcp' },
    check: { addr: null, port: null, interMs: 2000, fastinterMs: null, downinterMs: null, rise: 2, fall: 3, ...check },
    timeoutCheckMs: null,
    timeoutConnectMs: null,
    link: defaultServerLink,
    ...changes,
  };
}
