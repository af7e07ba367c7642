/**
 * One line for each word of haproxy.cfg whose row has none of its own, because nothing here acts on it (the words of
 * `known.ts` and `section-rows.ts` in `grammar/haproxy/keywords`). A word that gets a row of its own takes its line along.
 */
const globalDocs = `
  51degrees-: Setting of the 51Degrees device detection.
  acme.scheduler: Whether ACME certificates are renewed by a timer of the process.
  anonkey: Key with which names are made anonymous in what the CLI prints.
  busy-polling: Polls without sleeping, for the shortest delays.
  ca-base: Folder of CA and CRL files that are named without one.
  cluster-secret: Secret that the machines of a cluster share, for QUIC and others.
  cpu-affinity: How threads are bound to the chosen CPUs.
  cpu-map: Which CPUs the threads run on.
  cpu-policy: How CPUs are chosen for thread groups.
  cpu-set: Which CPUs may or may not be used.
  crt-base: Folder of certificates that are named without one.
  debug.counters: Counts events inside the program for its developers.
  default-path: What relative paths of the configuration start from.
  deviceatlas-: Setting of the DeviceAtlas device detection.
  dns-accept-family: Which address families name resolution uses.
  expose-deprecated-directives: Takes words that are about to be dropped without a warning.
  expose-experimental-directives: Allows words that are still experimental.
  external-check: Allows checks that run a program.
  force-cfg-parser-pause: Waits while the configuration is read, for tests.
  h1-accept-payload-with-any-method: Accepts bodies with HTTP/1.0 GET, HEAD and DELETE requests.
  h1-do-not-close-on-insecure-transfer-encoding: Keeps a connection that had both framings, against the advice of the RFC.
  h2-workaround-bogus-websocket-clients: Hides WebSocket over HTTP/2 from clients that get it wrong.
  harden.reject-privileged-ports.: Drops clients whose source port is below 1024.
  http-err-codes: Status codes that count as errors in stick tables.
  http-fail-codes: Status codes that count as failures in stick tables.
  httpclient.: Setting of the internal HTTP client.
  insecure-fork-wanted: Allows the process to start others, which checks and Lua may need.
  insecure-setuid-wanted: Allows programs that it starts to gain rights.
  issuers-chain-path: Folder of issuer certificates that complete chains.
  jwt.decrypt_alg_list: Algorithms for the keys of encrypted tokens.
  jwt.decrypt_enc_list: Algorithms for the content of encrypted tokens.
  key-base: Folder of private keys that are named without one.
  limited-quic: Allows QUIC with a TLS library that supports it partly.
  localpeer: Name of this machine among its peers.
  lua-load: Loads a Lua file once for all threads.
  lua-load-per-thread: Loads a Lua file once for each thread.
  lua-prepend-path: Where Lua looks for modules first.
  max-spread-checks: Longest spread of health checks at the start.
  max-threads-per-group: Most threads of one thread group.
  maxcompcpuusage: CPU load at which compression stops.
  maxcomprate: Most bytes a second that are compressed.
  maxsslconn: Most TLS connections of the process.
  maxsslrate: Most TLS handshakes a second of the process.
  maxzlibmem: Most memory for compression.
  mworker-max-reloads: Reloads that an old worker survives.
  no-memory-trimming: Does not give freed memory back to the system at a reload.
  noepoll: Does not use epoll.
  noevports: Does not use event ports.
  nogetaddrinfo: Resolves names without getaddrinfo.
  nokqueue: Does not use kqueue.
  noktls: Does not use TLS of the kernel.
  nopoll: Does not use poll.
  noreuseport: Does not share ports with SO_REUSEPORT.
  numa-cpu-mapping: Keeps to one NUMA node.
  ocsp-update.: Setting of the automatic update of OCSP answers.
  pp2-never-send-local: Never says LOCAL in the PROXY protocol, for servers that get it wrong.
  prealloc-fd: Makes the table of descriptors at the start.
  profiling.: Measures the work of the program.
  quick-exit: Ends without freeing memory.
  server-state-base: Folder of server state files.
  server-state-file: File with the state of servers from before a reload.
  set-dumpable: Allows core dumps after rights were dropped.
  set-var: Sets a variable of the process at the start.
  set-var-fmt: Sets a variable of the process from a log format.
  setcap: Rights that are kept when the user is changed.
  shm-stats-file: File in shared memory that keeps counters over reloads.
  shm-stats-file-max-objects: Most objects of that file.
  ssl-default-bind-: Default of TLS listeners.
  ssl-default-server-: Default of TLS towards servers.
  ssl-dh-param-file: File with Diffie-Hellman parameters.
  ssl-engine: Loads an engine of OpenSSL.
  ssl-load-extra-: Which files beside a certificate are loaded as well.
  ssl-mode-async: Lets TLS work be done by asynchronous engines.
  ssl-passphrase-cmd: Program that gives the passphrase of keys.
  ssl-propquery: Which implementations of OpenSSL are preferred.
  ssl-provider: Loads a provider of OpenSSL.
  ssl-provider-path: Where providers are.
  ssl-security-level: Security level of OpenSSL.
  ssl-server-verify: Whether certificates of servers are verified by default.
  ssl-skip-self-issued-ca: Leaves root certificates out of chains.
  stats calculate-max-counters: Whether maxima are counted.
  stats maxconn: Most connections to the statistics socket.
  stats timeout: Longest silence on the statistics socket.
  stats-file: File with counters from before a reload.
  stress-level: Makes rare paths frequent, for tests.
  thread-group: Which threads belong to a group.
  thread-groups: Number of thread groups.
  thread-hard-limit: Most threads that are started.
  tune.applet.: Tuning of internal services.
  tune.buffers.: Bounds of the number of buffers.
  tune.bufsize.: Sizes of small and large buffers.
  tune.cli.: Tuning of the runtime CLI.
  tune.comp.: Tuning of compression.
  tune.defaults.purge: Frees defaults sections that nobody refers to.
  tune.disable-: Switches a fast path off.
  tune.epoll.: Tuning of epoll.
  tune.events.: Tuning of event handling.
  tune.fail-alloc: Share of allocations that fail, for tests.
  tune.fd.: Tuning of descriptors.
  tune.glitches.: When connections with odd behaviour are closed.
  tune.h1.: Tuning of HTTP/1.
  tune.h2.: Tuning of HTTP/2.
  tune.idletimer: Silence after which a stream counts as idle.
  tune.listener.: Tuning of listeners.
  tune.lua.: Tuning of Lua.
  tune.max-checks-per-thread: Most checks that a thread runs at once.
  tune.max-rules-at-once: Most rules that are evaluated in one go.
  tune.maxpollevents: Most events taken in one go.
  tune.memory.: Tuning of memory pools.
  tune.notsent-lowat.: How much unsent data the kernel holds.
  tune.pattern.cache-size: Results of pattern matching that are remembered.
  tune.peers.: Tuning of peers.
  tune.pt.: Tuning of plain TCP streams.
  tune.quic.: Tuning of QUIC.
  tune.rcvbuf.: Receive buffer of sockets in the kernel.
  tune.recv_enough: Received bytes that are enough for one turn.
  tune.renice.: Priority of the process.
  tune.ring.: Tuning of rings.
  tune.runqueue-depth: Most tasks that run in one turn.
  tune.sched.: Tuning of the scheduler.
  tune.sndbuf.: Send buffer of sockets in the kernel.
  tune.ssl.: Tuning of TLS.
  tune.stick-counters: Counters that a stream can track.
  tune.streams-elasticity: How far threads may share streams.
  tune.takeover-other-tg-connections: Whether idle connections of other thread groups are used.
  tune.vars.: Bound of the memory for variables.
  tune.zlib.: Tuning of zlib.
  warn-blocked-traffic-after: Time without progress after which a warning is given.
  wurfl-: Setting of the WURFL device detection.
  zero-warning: Refuses to start when there are warnings.
`;

const proxyDocs = `
  compression: Setting of the compression of messages.
  email-alert: Mails about changes of server states.
  http-error: What is returned for a status, made in the configuration.
  option independent-streams: The two directions have timeouts of their own.
  stats show-modules: Shows the statistics of modules.
  stats show-version: Shows the version on the statistics page.
  external-check command: Program that checks servers.
  external-check path: PATH of that program.
  http-check: Step or setting of a check over HTTP.
  load-server-state-from-file: Takes server states from before a reload.
  option transparent: Connects to the address that the client asked.
  option use-small-buffers: Uses small buffers where they are enough.
  persist rdp-cookie: Keeps a client with its server by the cookie of RDP.
  tcp-check: Step of a check over TCP.
  transparent: Connects to the address that the client asked.
  option disable-h2-upgrade: Does not change from HTTP/1 to HTTP/2 by the preface.
  crt: Certificate of the frontend.
  declare capture: Declares a place for captured values.
  force-be-switch: Lets rules send requests to a backend that is disabled.
  ssl-f-use: Certificate of the frontend with settings of its own.
  compression offload: Takes compression off servers.
  filter: Adds a filter: compression, cache, SPOE, trace, bandwidth.
  filter-sequence: Order of filters.
  guid: Unique name of the proxy.
  stick-table: Table of keys with counters or servers.
  dispatch: Single address that all connections go to.
  server-state-file-name: File with the states of this backend's servers.
  stick match: Looks a key up to find the server.
  stick on: Keeps requests with a key at their server.
  stick store-request: Remembers the server by a key of the request.
  stick store-response: Remembers the server by a key of the response.
  use-fcgi-app: FastCGI application of the backend.
`;

const lineDocs = `
  allow-0rtt: Accepts early data of TLS 1.3.
  alpn: Protocols offered by ALPN.
  ca-file: Authorities that certificates are verified against.
  ca-ignore-err: Errors of authorities that are ignored.
  ca-sign-pass: Passphrase of the key that signs generated certificates.
  ca-verify-file: Authorities that are verified against and not told.
  cc: Congestion control of TCP.
  ciphers: Ciphers up to TLS 1.2.
  ciphersuites: Ciphers of TLS 1.3.
  client-sigalgs: Signature algorithms for client certificates.
  crl-file: Revoked certificates.
  crt: Certificate with its key.
  crt-ignore-err: Errors of certificates that are ignored.
  curves: Curves of the key exchange.
  ecdhe: Curve of the key exchange; use curves.
  ech: Keys of Encrypted Client Hello.
  expose-fd: Hands listening sockets out over the socket.
  force-: Allows this version of TLS only.
  generate-certificates: Makes certificates for names that have none.
  guid: Unique name.
  guid-prefix: Beginning of the unique names of listeners.
  idle-ping: Sends pings over idle connections.
  ktls: Uses TLS of the kernel.
  label: Name of the listener for rules.
  level: What may be done over the socket: user, operator, admin.
  nbconn: Connections that a reverse listener opens.
  no-alpn: Offers no protocols by ALPN.
  no-ca-names: Does not tell clients the names of authorities.
  no-strict-sni: Allows handshakes without a known name.
  no-tls-tickets: Does not use session tickets.
  no-ssl: Does not use TLS, whatever the defaults say.
  no-tls: Does not allow this version of TLS.
  no-: Switches off what the word behind "no-" says.
  npn: Protocols offered by NPN; use alpn.
  prefer-client-ciphers: The client's order of ciphers counts.
  quic-cc-algo: Congestion control of QUIC.
  quic-force-retry: Checks the address of QUIC clients first.
  quic-socket: Whether QUIC connections have sockets of their own.
  severity-output: How severities are written on the socket.
  sigalgs: Signature algorithms.
  ssl-max-ver: Newest version of TLS.
  ssl-min-ver: Oldest version of TLS.
  strict-sni: Refuses handshakes without a known name.
  tcp-md5sig: Password of TCP signatures (RFC 2385).
  tcp-ss: Whether the kernel keeps the SYN packet.
  tls-ticket-keys: Keys of session tickets.
  tls-tickets: Uses session tickets.
  verify: Whether the other side's certificate is verified.
  agent-addr: Address of the agent.
  agent-check: Asks an agent for state and weight.
  agent-inter: Time between questions to the agent.
  agent-port: Port of the agent.
  agent-send: What is sent to the agent.
  check-: Setting of the health check's connection.
  error-limit: Errors in traffic that count as a failed check.
  healthcheck: Section that describes the check.
  init-state: State before the first check.
  non-stick: Is never remembered in a stick table.
  observe: Watches traffic for the server's health.
  on-error: What happens at too many errors in traffic.
  on-marked-up: What happens when the server comes up.
  pool-: Setting of the idle connections that are kept.
  renegotiate: Allows the server to renegotiate TLS.
  resolve-: Setting of name resolution.
  resolvers: Section of name servers that resolve the name.
  shard: Part of the tables that a peer gets.
  sni: Name told in the handshake.
  sni-auto: Tells the Host header in the handshake.
  ssl-reuse: Resumes TLS sessions.
  stick: Is remembered in stick tables.
  strict-maxconn: Counts idle connections in maxconn as well.
  verifyhost: Name that the certificate must have.
`;

const sectionDocs = `
  resolvers accepted_payload_size: Largest DNS message that name servers may send.
  resolvers nameserver: A name server.
  resolvers parse-resolv-conf: Takes the name servers of /etc/resolv.conf.
  resolvers hold: How long an answer of a kind is kept.
  resolvers resolve_retries: Questions before a resolution fails.
  resolvers timeout: Time between questions, or until the next try.
  mailers mailer: A mail server.
  mailers timeout: Longest time for a mail.
  log-forward backlog: Length of the queue of connections not yet accepted.
  log-forward maxconn: Most connections.
  log-forward timeout: Longest silence of a client.
  log-forward option: How headers of log lines are handled.
  cache total-max-size: Size of the cache in megabytes.
  cache max-object-size: Largest response that is kept.
  cache max-age: Longest time a response is kept.
  cache process-vary: Keeps responses with a Vary header.
  cache max-secondary-entries: Most variants of one response.
  fcgi-app docroot: Folder of the application on its server.
  fcgi-app index: Script for paths that end in a slash.
  fcgi-app log-stderr: Where error messages of the application go.
  fcgi-app path-info: Pattern that cuts a path into script and rest.
  fcgi-app pass-header: Request header that is passed on.
  fcgi-app hide-header: Response header that is left out.
  fcgi-app unset-param: Leaves a FastCGI parameter out.
  acme account-key: Key of the account.
  acme acme-vars: Variables for the program that solves challenges.
  acme contact: Mail address of the account.
  acme curves: Curve of elliptic keys.
  acme directory: Address of the authority.
  acme map: Map with tokens of challenges.
  acme profile: Profile that the authority offers.
  acme provider-name: Name for the program that solves challenges.
  acme eab-key-id: Key id of the external account.
  acme eab-mac-key: Key of the external account.
  acme eab-mac-alg: Algorithm of that key.
  acme challenge-ready: What must hold before a challenge is announced.
  acme bits: Length of RSA keys.
  acme challenge: Kind of challenge.
  acme dns-delay: Wait between looks at the DNS.
  acme dns-timeout: Longest wait for the DNS.
  acme keytype: RSA or elliptic keys.
  acme reuse-key: Keeps the key at a renewal.
  crt-store crt-base: Folder of certificates.
  crt-store key-base: Folder of private keys.
  crt-store load: A certificate with its files.
  program command: Command line of the program.
  program user: Who runs it.
  program group: Group that runs it.
  traces trace: What is traced, and where to.
  healthcheck type: Kind of check.
  peers disabled: Does not start these peers.
  peers enabled: Starts these peers.
  peers shards: Parts into which tables are cut.
`;

/** Exact words, and beginnings, which end in a dot or a dash. */
function readDocs(table: string): ReadonlyMap<string, string> {
  const lines = table
    .trim()
    .split('\n')
    .map((line) => /^\s*(.+?): (.+)$/.exec(line)!);
  return new Map(lines.map(([, word, doc]) => [word!, doc!]));
}

const global = readDocs(globalDocs);
const proxy = readDocs(proxyDocs);
const line = readDocs(lineDocs);
const sections = readDocs(sectionDocs);

/** The line for a word; undefined: there is none. Of several beginnings the longest counts. */
export function docOf(name: string, place: string): string | undefined {
  const inSection = sections.get(`${place} ${name}`);
  if (inSection !== undefined) return inSection;
  const docs = place === 'global' ? global : place === 'bind' || place === 'server' ? line : proxy;
  const exact = docs.get(name);
  if (exact !== undefined) return exact;
  const beginnings = [...docs.keys()].filter((word) => name.startsWith(/[.-]$/.test(word) ? word : `${word} `));
  const longest = beginnings.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : docs.get(longest);
}
