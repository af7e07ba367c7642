/**
 * Words that the language has and nothing here acts on: they are read, their number of arguments is checked, and each
 * use gets a `not-carried-out` warning. A word moves from here to a row of its own when it is carried out; see
 * `docs/adding-a-keyword.md`.
 *
 * One line holds words alike: how many arguments (`2+`: at least two), the release that brought them, the words. Proxy
 * words also say where they stand: d(efaults), f(rontend), l(isten), b(ackend).
 */
import type { Argument, KeywordRow } from '../keyword.ts';
import type { BindNode, GlobalNode, ProxyNode, ServerSettings } from '../nodes.ts';
import { bindLine, globalSection, serverLine } from './contexts.ts';
import { bindValues, globalValues, proxyValues, serverValues } from './values.ts';
import { wordChecks } from './word-checks.ts';

const globalWords = `
  0 1.2: noepoll, nopoll
  0 1.3: nokqueue
  0 1.5: nogetaddrinfo, tune.ssl.force-private-cache
  0 1.7: noreuseport
  0 1.8: ssl-mode-async
  0 1.9: busy-polling
  0 2.0: noevports, tune.fail-alloc
  0 2.2: insecure-fork-wanted, insecure-setuid-wanted, pp2-never-send-local, ssl-skip-self-issued-ca
  0 2.2: zero-warning
  0 2.3: ssl-load-extra-del-ext
  0 2.4: expose-experimental-directives, numa-cpu-mapping
  0 2.5: h2-workaround-bogus-websocket-clients
  0 2.6: h1-accept-payload-with-any-method, no-memory-trimming
  0 2.7: quick-exit
  0 2.8: prealloc-fd, tune.disable-fast-forward
  0 2.9: limited-quic, tune.disable-zero-copy-forwarding
  0 3.0: expose-deprecated-directives
  0 3.1: h1-do-not-close-on-insecure-transfer-encoding, tune.quic.disable-udp-gso
  0 3.2: tune.quic.disable-tx-pacing
  0 3.3: noktls
  0 3.4: tune.defaults.purge
  1 1.5: ssl-server-verify
  0+ 1.6: 51degrees-property-name-list, deviceatlas-property-separator, external-check
  0+ 1.6: ssl-default-bind-options, ssl-default-server-options
  0+ 1.7: wurfl-engine-mode, wurfl-information-list, wurfl-patch-file, wurfl-useragent-priority
  0 2.0: set-dumpable
  0+ 2.2: tune.vars.check-max-size
  1 2.6: httpclient.ssl.verify
  0+ 3.0: ocsp-update.disable, ocsp-update.mode
  0+ 3.4: stats calculate-max-counters, tune.lua.openlibs
  1 1.3: stats maxconn, stats timeout, tune.maxpollevents
  1 1.4: tune.rcvbuf.server, tune.sndbuf.server
  1 1.5: ca-base, crt-base, max-spread-checks, maxcompcpuusage, maxcomprate
  1 1.5: maxsslconn, maxsslrate, maxzlibmem, ssl-default-bind-ciphers, ssl-default-server-ciphers
  1 1.5: tune.comp.maxlevel, tune.idletimer, tune.ssl.cachesize
  1 1.5: tune.ssl.default-dh-param, tune.ssl.lifetime, tune.ssl.maxrecord, tune.zlib.memlevel
  1 1.5: tune.zlib.windowsize
  1 1.6: 51degrees-cache-size, 51degrees-data-file, 51degrees-property-separator, deviceatlas-json-file
  1 1.6: deviceatlas-log-level, deviceatlas-properties-cookie, deviceatlas-separator, server-state-base
  1 1.6: server-state-file, ssl-dh-param-file, tune.buffers.limit, tune.buffers.reserve
  1 1.6: tune.lua.forced-yield, tune.lua.maxmem, tune.lua.service-timeout, tune.lua.session-timeout
  1 1.6: tune.lua.task-timeout, tune.pattern.cache-size, tune.ssl.ssl-ctx-cache-size
  1 1.6: tune.vars.global-max-size, tune.vars.reqres-max-size, tune.vars.sess-max-size
  1 1.6: tune.vars.txn-max-size
  1 1.7: tune.recv_enough, tune.vars.proc-max-size, wurfl-cache-size, wurfl-data-file
  1 1.7: wurfl-information-list-separator
  1 1.8: tune.h2.header-table-size, tune.h2.initial-window-size, tune.h2.max-concurrent-streams
  1 1.8: tune.ssl.capture-cipherlist-size
  1 1.9: ssl-default-bind-ciphersuites, ssl-default-server-ciphersuites, tune.runqueue-depth
  1 2.0: mworker-max-reloads, tune.h2.max-frame-size, tune.listener.multi-queue
  1 2.2: issuers-chain-path, localpeer, ssl-default-bind-curves, tune.fd.edge-triggered
  1 2.2: tune.sched.low-latency, tune.ssl.keylog
  1 2.4: default-path, profiling.memory
  1 2.5: thread-groups, tune.ssl.capture-buffer-size
  1 2.6: cluster-secret, httpclient.resolvers.id
  1 2.6: httpclient.resolvers.prefer, httpclient.ssl.ca-file, ssl-propquery, ssl-provider
  1 2.6: ssl-provider-path, tune.quic.frontend.max-idle-timeout, tune.quic.frontend.max-streams-bidi
  1 2.6: tune.quic.retry-threshold, tune.ssl.hard-maxrecord
  1 2.7: anonkey, tune.peers.max-updates-at-once
  1 2.8: 51degrees-allow-unmatched, 51degrees-difference, 51degrees-drift, 51degrees-use-performance-graph
  1 2.8: 51degrees-use-predictive-graph, httpclient.resolvers.disabled, ssl-default-bind-client-sigalgs
  1 2.8: ssl-default-bind-sigalgs, tune.h2.be.initial-window-size, tune.h2.be.max-concurrent-streams
  1 2.8: tune.h2.fe.initial-window-size, tune.lua.burst-timeout
  1 2.8: tune.memory.hot-size, tune.quic.max-frame-loss, tune.quic.socket-owner
  1 2.8: tune.ssl.ocsp-update.maxdelay, tune.ssl.ocsp-update.mindelay, tune.stick-counters
  1 2.9: httpclient.retries, httpclient.timeout.connect, ssl-default-server-client-sigalgs
  1 2.9: ssl-default-server-curves, ssl-default-server-sigalgs, tune.events.max-events-at-once
  1 2.9: tune.h1.zero-copy-fwd-recv, tune.h1.zero-copy-fwd-send, tune.h2.zero-copy-fwd-send
  1 2.9: tune.lua.log.loggers, tune.lua.log.stderr, tune.max-checks-per-thread
  1 2.9: tune.pt.zero-copy-forwarding, tune.quic.zero-copy-fwd-send, tune.rcvbuf.backend
  1 2.9: tune.rcvbuf.frontend, tune.sndbuf.backend, tune.sndbuf.frontend
  1 3.0: harden.reject-privileged-ports.quic, harden.reject-privileged-ports.tcp, key-base
  1 3.0: ocsp-update.maxdelay, ocsp-update.mindelay, ssl-security-level, stats-file, thread-hard-limit
  1 3.0: tune.applet.zero-copy-forwarding, tune.h2.be.glitches-threshold, tune.h2.fe.glitches-threshold
  1 3.0: tune.h2.fe.max-total-streams, tune.quic.cc-hystart, tune.quic.frontend.glitches-threshold
  1 3.0: tune.quic.reorder-ratio, tune.ring.queues
  1 3.1: force-cfg-parser-pause, tune.bufsize.small, tune.h2.be.rxbuf, tune.h2.fe.rxbuf
  1 3.1: tune.quic.cc.cubic.min-losses, tune.quic.frontend.default-max-window-size, tune.renice.runtime
  1 3.1: tune.renice.startup, warn-blocked-traffic-after
  1 3.2: acme.scheduler, debug.counters, stress-level, tune.glitches.kill.cpu-usage
  1 3.2: tune.lua.bool-sample-conversion, tune.max-rules-at-once, tune.notsent-lowat.client
  1 3.2: tune.notsent-lowat.server, tune.quic.frontend.max-data-size, tune.quic.frontend.max-tx-mem
  1 3.2: tune.quic.frontend.stream-data-ratio, tune.takeover-other-tg-connections
  1 3.3: shm-stats-file, shm-stats-file-max-objects, tune.quic.be.cc.cubic-min-losses
  1 3.3: tune.quic.be.cc.hystart, tune.quic.be.cc.max-frame-loss, tune.quic.be.cc.max-win-size
  1 3.3: tune.quic.be.cc.reorder-ratio, tune.quic.be.max-idle-timeout, tune.quic.be.sec.glitches-threshold
  1 3.3: tune.quic.be.stream.data-ratio, tune.quic.be.stream.max-concurrent, tune.quic.be.stream.rxbuf
  1 3.3: tune.quic.be.tx.pacing, tune.quic.be.tx.udp-gso, tune.quic.fe.cc.cubic-min-losses
  1 3.3: tune.quic.fe.cc.hystart, tune.quic.fe.cc.max-frame-loss, tune.quic.fe.cc.max-win-size
  1 3.3: tune.quic.fe.cc.reorder-ratio, tune.quic.fe.max-idle-timeout, tune.quic.fe.sec.glitches-threshold
  1 3.3: tune.quic.fe.sec.retry-threshold, tune.quic.fe.sock-per-conn, tune.quic.fe.stream.data-ratio
  1 3.3: tune.quic.fe.stream.max-concurrent, tune.quic.fe.stream.rxbuf, tune.quic.fe.tx.pacing
  1 3.3: tune.quic.fe.tx.udp-gso, tune.quic.listen, tune.quic.mem.tx-max
  1 3.4: cpu-affinity, jwt.decrypt_alg_list, jwt.decrypt_enc_list, max-threads-per-group
  1 3.4: tune.bufsize.large, tune.cli.max-payload-size, tune.h1.be.glitches-threshold
  1 3.4: tune.h1.fe.glitches-threshold, tune.h2.be.max-frames-at-once, tune.h2.fe.max-frames-at-once
  1 3.4: tune.h2.fe.max-rst-at-once, tune.h2.log-errors, tune.quic.fe.stream.max-total
  1 3.4: tune.ssl.certificate-compression, tune.streams-elasticity
  1+ 1.8: ssl-engine
  1 1.9: profiling.tasks
  1+ 2.2: lua-prepend-path, ssl-load-extra-files
  1+ 2.5: thread-group
  1+ 2.8: tune.h2.fe.max-concurrent-streams
  1+ 2.9: setcap
  1+ 3.0: http-err-codes, http-fail-codes, ocsp-update.httpproxy
  1+ 3.2: cpu-policy, cpu-set, dns-accept-family, tune.epoll.mask-events
  2 2.4: set-var
  2 2.5: set-var-fmt
  2+ 1.5: cpu-map
  1+ 1.6: lua-load
  1+ 2.4: lua-load-per-thread
  2+ 3.3: ssl-passphrase-cmd
`;

const proxyWords = `
  dflb 1 1.6: email-alert to
  dlb 0 1.3: option transparent
  dfl 0 2.2: option disable-h2-upgrade
  dflb 0 1.5: compression, option independent-streams
  dflb 0 2.3: stats show-modules
  dflb 0 3.4: stats show-version
  dflb 1 1.6: email-alert from, email-alert level, email-alert mailers, email-alert myhostname
  dflb 1 2.8: compression algo-req, compression algo-res, compression direction
  dflb 1 3.2: compression minsize-req, compression minsize-res
  dflb 1+ 1.5: compression algo, compression type
  dflb 3+ 2.2: http-error
  dlb 0 1.1: transparent
  dlb 0 1.3: http-check disable-on-404, http-check send-state
  dlb 0 1.4: persist rdp-cookie
  dlb 0+ 1.5: tcp-check connect
  dlb 0+ 2.2: http-check connect
  dlb 0+ 3.4: option use-small-buffers
  dlb 1 1.6: external-check command, external-check path, load-server-state-from-file
  dlb 1 2.2: http-check comment, tcp-check comment
  dlb 0 2.2: http-check unset-var, tcp-check unset-var
  dlb 1+ 1.5: tcp-check send, tcp-check send-binary
  dlb 1+ 2.2: tcp-check send-binary-lf, tcp-check send-lf
  dlb 2+ 1.5: tcp-check expect
  dlb 1+ 2.2: http-check set-var, tcp-check set-var
  dlb 1+ 2.5: http-check set-var-fmt, tcp-check set-var-fmt
  fl 0 1.3: monitor fail
  fl 0 3.2: crt
  fl 0 3.4: force-be-switch
  fl 0+ 3.2: ssl-f-use
  fl 1+ 1.6: declare capture
  flb 0 1.5: compression offload, stats admin
  flb 1 3.0: guid
  flb 1+ 1.7: filter
  flb 2 3.4: filter-sequence
  flb 2+ 1.4: stick-table
  lb 0 1.3: force-persist
  lb 0 1.4: ignore-persist
  lb 0+ 1.6: server-state-file-name
  lb 1 2.1: use-fcgi-app
  lb 1+ 1.4: stick match, stick on, stick store-request
  lb 1+ 1.5: stick store-response
  lb 1 1.1: dispatch
`;

const bindWords = `
  0 1.5: force-sslv3, force-tlsv10, force-tlsv11, force-tlsv12, no-sslv3, no-tls-tickets
  0 1.5: no-tlsv10, no-tlsv11, no-tlsv12, strict-sni
  0 1.6: generate-certificates
  0 1.8: allow-0rtt, force-tlsv13, no-ca-names, no-tlsv13, prefer-client-ciphers
  0 2.6: quic-force-retry
  0 2.8: no-alpn
  0 3.2: no-strict-sni, tls-tickets
  1 1.5: alpn, ca-file, ca-ignore-err, ciphers, crl-file, crt-ignore-err, ecdhe, level
  1 1.5: npn, verify
  1 1.6: ca-sign-pass, tls-ticket-keys
  1 1.8: curves, expose-fd, severity-output, ssl-max-ver, ssl-min-ver
  1 1.9: ciphersuites
  1 2.2: ca-verify-file
  1 2.7: quic-cc-algo
  1 2.8: client-sigalgs, sigalgs
  1 2.9: nbconn, quic-socket
  1 3.0: guid-prefix
  1 3.2: idle-ping, label
  1 3.3: cc, ech, ktls, tcp-md5sig
  1 3.4: tcp-ss
`;

const serverWords = `
  0 1.5: agent-check, check-ssl, force-sslv3, force-tlsv10, force-tlsv11, force-tlsv12
  0 1.5: no-sslv3, no-tls-tickets, no-tlsv10, no-tlsv11, no-tlsv12, non-stick
  0 1.6: no-ssl-reuse
  0 1.8: allow-0rtt, force-tlsv13, no-agent-check, no-check-ssl
  0 1.8: no-ssl, no-tlsv13, ssl-reuse, stick
  0 1.8: tls-tickets
  0 2.9: no-verifyhost
  0 3.2: check-reuse-pool, no-check-reuse-pool, strict-maxconn
  0 3.3: check-sni-auto, no-check-sni-auto, no-renegotiate, no-sni-auto, renegotiate, sni-auto
  1 1.4: error-limit, observe, on-error
  1 1.5: agent-inter, agent-port, ca-file, ciphers, crl-file, crt, on-marked-up, verify, verifyhost
  1 1.6: resolve-prefer, resolvers, sni
  1 1.7: agent-send, resolve-net
  1 1.8: agent-addr, check-sni, ssl-max-ver, ssl-min-ver
  1 1.9: alpn, ciphersuites, npn, resolve-opts
  1 2.0: check-alpn
  1 2.2: check-proto
  1 2.7: shard
  1 2.9: client-sigalgs, curves, sigalgs
  1 3.0: guid
  1 3.1: init-state
  1 3.2: check-pool-conn-name, idle-ping
  1 3.3: cc, ktls, tcp-md5sig
  1 3.4: healthcheck, quic-cc-algo
`;

/** Words after which the original does not mind further ones. */
const tolerant = new Set(
  `
  compression offload,
  email-alert from, email-alert mailers, email-alert myhostname, email-alert to, 
  expose-experimental-directives,
  http-check comment, mworker-max-reloads, numa-cpu-mapping,
  persist rdp-cookie, server-state-base, server-state-file,
  ssl-load-extra-del-ext, ssl-mode-async, ssl-provider-path,
  ssl-skip-self-issued-ca, stats maxconn, stats show-modules, stats timeout, tcp-check comment, tune.fail-alloc,
  tune.lua.maxmem, tune.lua.service-timeout, tune.lua.session-timeout, tune.lua.task-timeout,
  tune.pattern.cache-size, tune.vars.global-max-size, tune.vars.proc-max-size, tune.vars.reqres-max-size,
  tune.vars.sess-max-size, tune.vars.txn-max-size
`
    .trim()
    .split(/,\s+/),
);

const sections: Readonly<Record<string, string>> = { d: 'defaults', f: 'frontend', l: 'listen', b: 'backend' };
const anyWord = { label: '<argument>', read: (value: { readonly text: string }) => value.text };

function* rowsOf<Node>(
  table: string,
  contexts: readonly string[] | null,
  values: ReadonlyMap<string, Argument<unknown>>,
  kind: 'global' | 'proxy' | 'bind' | 'server',
): Generator<KeywordRow<Node>> {
  for (const line of table.trim().split('\n')) {
    const [head = '', names = ''] = line.trim().split(': ');
    const [argumentCount = '', since = '', where = ''] = contexts ? head.split(' ') : rotate(head.split(' '));
    const words = Array.from({ length: Number.parseInt(argumentCount, 10) }, () => anyWord);
    for (const name of names.split(', ')) {
      const value = values.get(name);
      const apply = wordChecks.get(`${kind} ${name}`) as KeywordRow<Node>['apply'];
      yield {
        name,
        in: contexts ?? [...where].map((letter) => sections[letter]!),
        args: value ? [value, ...words.slice(1)] : words,
        ...(apply && { apply, inert: true }),
        extra: argumentCount.endsWith('+') ? 'free' : tolerant.has(name) ? 'ignored' : 'refused',
        since,
        doc: 'Accepted, not carried out.',
        ok: [],
        bad: [],
      };
    }
  }
}

function rotate([where = '', ...rest]: string[]): string[] {
  return [...rest, where];
}

export const knownGlobalRows = [...rowsOf<GlobalNode>(globalWords, globalSection, globalValues, 'global')];
export const knownProxyRows = [...rowsOf<ProxyNode>(proxyWords, null, proxyValues, 'proxy')];
export const knownBindRows = [...rowsOf<BindNode>(bindWords, bindLine, bindValues, 'bind')];
export const knownServerRows = [...rowsOf<ServerSettings>(serverWords, serverLine, serverValues, 'server')];
