/**
 * Names of predefined ACLs (manual, chapter 7.4) and of the actions of each rule set (4.3). What actions take stands in
 * `actions.ts`; fetches and converters in `expr/signatures.ts`.
 */

export const PREDEFINED_ACLS: ReadonlySet<string> = new Set([
  'FALSE',
  'HTTP',
  'HTTP_1.0',
  'HTTP_1.1',
  'HTTP_2.0',
  'HTTP_3.0',
  'HTTP_CONTENT',
  'HTTP_URL_ABS',
  'HTTP_URL_SLASH',
  'HTTP_URL_STAR',
  'LOCALHOST',
  'METH_CONNECT',
  'METH_DELETE',
  'METH_GET',
  'METH_HEAD',
  'METH_OPTIONS',
  'METH_POST',
  'METH_PUT',
  'METH_TRACE',
  'RDP_COOKIE',
  'REQ_CONTENT',
  'TRUE',
  'WAIT_END',
]);

const ruleSets: Readonly<Record<string, string>> = {
  'http-after-response': `
    add-header add-headers-bin allow capture del-header del-headers-bin del-map do-log lua.
    replace-header replace-value sc-add-gpc sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt sc-set-gpt0
    set-header set-headers-bin set-log-level set-map set-status set-var set-var-fmt strict-mode
    unset-var
  `,
  'http-request': `
    add-acl add-header add-headers-bin allow auth cache-use capture del-acl del-header del-headers-bin
    del-map deny disable-l7-retry do-log do-resolve early-hint lua. normalize-uri pause redirect reject
    replace-header replace-path replace-pathq replace-uri replace-value return sc-add-gpc sc-inc-gpc
    sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt sc-set-gpt0 send-spoe-group set-bandwidth-limit set-bc-mark
    set-bc-tos set-dst set-dst-port set-fc-mark set-fc-tos set-header set-headers-bin set-log-level
    set-map set-mark set-method set-nice set-path set-pathq set-priority-class set-priority-offset
    set-query set-retries set-src set-src-port set-timeout set-tos set-uri set-var set-var-fmt
    silent-drop strict-mode tarpit track-sc0 track-sc1 track-sc2 unset-var use-service wait-for-body
    wait-for-handshake
  `,
  'http-response': `
    add-acl add-header add-headers-bin allow cache-store capture del-acl del-header del-headers-bin
    del-map deny do-log lua. pause redirect replace-header replace-value return sc-add-gpc sc-inc-gpc
    sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt sc-set-gpt0 send-spoe-group set-bandwidth-limit set-fc-mark
    set-fc-tos set-header set-headers-bin set-log-level set-map set-mark set-nice set-status set-timeout
    set-tos set-var set-var-fmt silent-drop strict-mode track-sc0 track-sc1 track-sc2 unset-var
    wait-for-body
  `,
  'quic-initial': `
    accept dgram-drop do-log reject send-retry
  `,
  'tcp-request connection': `
    accept do-log expect-netscaler-cip expect-proxy reject sc-add-gpc sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1
    sc-set-gpt sc-set-gpt0 set-dst set-dst-port set-fc-mark set-fc-tos set-mark set-src set-src-port
    set-tos set-var set-var-fmt silent-drop track-sc0 track-sc1 track-sc2 unset-var
  `,
  'tcp-request content': `
    accept capture do-log do-resolve lua. reject sc-add-gpc sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1
    sc-set-gpt sc-set-gpt0 send-spoe-group set-bandwidth-limit set-bc-mark set-bc-tos set-dst
    set-dst-port set-fc-mark set-fc-tos set-log-level set-mark set-nice set-priority-class
    set-priority-offset set-retries set-src set-src-port set-tos set-var set-var-fmt silent-drop
    switch-mode track-sc0 track-sc1 track-sc2 unset-var use-service
  `,
  'tcp-request session': `
    accept attach-srv do-log reject sc-add-gpc sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt sc-set-gpt0
    set-dst set-dst-port set-fc-mark set-fc-tos set-mark set-src set-src-port set-tos set-var
    set-var-fmt silent-drop track-sc0 track-sc1 track-sc2 unset-var
  `,
  'tcp-response content': `
    accept close do-log lua. reject sc-add-gpc sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt sc-set-gpt0
    send-spoe-group set-bandwidth-limit set-fc-mark set-fc-tos set-log-level set-mark set-nice set-tos
    set-var set-var-fmt silent-drop unset-var
  `,
};

/** Action names of a rule set such as "http-request", without their "(...)" part. */
export const ACTION_NAMES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(ruleSets).map(([ruleSet, names]) => [ruleSet, new Set(names.trim().split(/\s+/))]),
);
