/** Small complete configuration records for tests of the proxy: everything that a test does not name has a default. */
import { defaultHashType } from '../../../src/config/balance.ts';
import type { GlobalConf, ListenerConf, ProxyConf, ServerConf, Timeouts } from '../../../src/config/haproxy.ts';
import { plainHttp } from '../../../src/config/http-options.ts';
import {
  defaultAcceptRules,
  defaultListenerOptions,
  defaultProcessLimits,
} from '../../../src/config/listener-options.ts';
import { noCaptures, noPersistence } from '../../../src/config/persistence.ts';
import { defaultProxyLink, defaultServerLink } from '../../../src/config/server-link.ts';
import type { ProxySlice } from '../../../src/config/slice.ts';
import { resolvePipes, resolveSplice } from '../../../src/config/splicing.ts';

const place = { file: 'test.cfg', line: 1 };

export const noTimeouts: Timeouts = {
  connectMs: null,
  clientMs: null,
  serverMs: null,
  clientFinMs: null,
  serverFinMs: null,
  httpRequestMs: null,
  httpKeepAliveMs: null,
  queueMs: null,
  checkMs: null,
  tunnelMs: null,
};

export function makeGlobal(given: Partial<GlobalConf> = {}): GlobalConf {
  return {
    maxconn: 2000,
    nbthread: 1,
    daemon: false,
    masterWorker: false,
    quiet: false,
    pidfile: null,
    user: null,
    group: null,
    chroot: null,
    ulimitN: null,
    logs: [],
    logTag: null,
    logSendHostname: null,
    node: null,
    description: null,
    hardStopAfterMs: null,
    spreadChecks: 0,
    tuneBufsize: 16384,
    tuneMaxrewrite: 1024,
    tuneHttpMaxhdr: 101,
    tuneHttpLogurilen: 1023,
    headerCases: [],
    tunePoolLowFdRatio: 20,
    tunePoolHighFdRatio: 25,
    tuneIdlePoolShared: true,
    limits: defaultProcessLimits,
    pipes: resolvePipes({}),
    tuneHttpCookielen: 64,
    namespaces: [],
    environment: {},
    ...given,
  };
}

export function makeServer(id: number, given: Partial<ServerConf> = {}): ServerConf {
  return {
    id,
    name: `s${id}`,
    place,
    address: { kind: 'ip', host: '127.0.0.1', port: 1, portOffset: false, family: 4 },
    weight: 1,
    backup: false,
    cookie: null,
    disabled: false,
    inheritsMaintenance: false,
    maxconn: 0,
    minconn: 0,
    maxqueue: 0,
    slowstartMs: 0,
    hashKey: 'id',
    check: null,
    track: null,
    onMarkedDownShutdownSessions: false,
    log: null,
    link: defaultServerLink,
    ...given,
  };
}

export function makeListener(id: number, given: Partial<ListenerConf> = {}): ListenerConf {
  return {
    id,
    name: null,
    address: { kind: 'ip', host: '127.0.0.1', port: 0, family: 4 },
    maxconn: null,
    backlog: null,
    v6only: false,
    transparent: false,
    interface: null,
    options: { ...defaultListenerOptions, socketId: id },
    mode: null,
    user: null,
    group: null,
    place,
    ...given,
  };
}

/** `servers`: how many, or the records themselves. */
export function makeProxy(
  given: Omit<Partial<ProxyConf>, 'servers'> & { servers?: number | readonly ServerConf[] } = {},
): ProxyConf {
  const { servers = 1, ...rest } = given;
  return {
    id: 2,
    name: 'test',
    kind: 'listen',
    mode: 'tcp',
    disabled: false,
    place,
    description: null,
    listeners: [makeListener(1)],
    accept: defaultAcceptRules,
    splice: resolveSplice({}),
    maxconn: null,
    backlog: null,
    fullconn: null,
    backend: rest.id ?? 2,
    balance: { algorithm: 'roundrobin' },
    hashType: defaultHashType,
    timeouts: noTimeouts,
    retries: 3,
    redispatch: null,
    abortonclose: false,
    dontlognull: false,
    dontlogNormal: false,
    logasap: false,
    logSeparateErrors: false,
    logHealthChecks: false,
    httpConnectionMode: 'keep-alive',
    forwardfor: null,
    clitcpka: false,
    srvtcpka: false,
    allbackups: false,
    logs: [],
    logFormat: 'default',
    logFormatSd: null,
    errorLogFormat: null,
    logSteps: null,
    forLogs: false,
    logTag: null,
    monitorUri: null,
    stats: null,
    check: { kind: 'tcp' },
    persistence: noPersistence,
    http: plainHttp,
    captures: noCaptures,
    uniqueId: null,
    link: defaultProxyLink,
    servers: typeof servers === 'number' ? Array.from({ length: servers }, (_, i) => makeServer(i + 1)) : servers,
    ...rest,
  };
}

export function makeSlice(proxies: readonly ProxyConf[], global: Partial<GlobalConf> = {}): ProxySlice {
  return { global: makeGlobal(global), proxies, rings: [] };
}
