/**
 * Fetches and converters that the program has code for; others are warned about where a carried-out line uses them.
 *
 * The code is in src/proxy/sample, which this room does not import: a test holds the two lists together.
 */
import type { SampleExpression } from './log-format.ts';

const fetches = `
  act_conn always_false always_true base baseq bc.timer.connect bc_be_queue bc_dst bc_dst_port bc_http_major
  bc_src bc_src_port bc_srv_queue be_conn be_id be_name be_server_timeout be_sess_rate be_tunnel_timeout bin
  bool bytes_in bytes_out capture.req.hdr capture.req.method capture.req.uri capture.req.ver capture.res.hdr
  cook cook_cnt cook_val cookie date date_us dst dst_conn dst_port env fc.timer.handshake fc.timer.total fc_dst
  fc_dst_port fc_err fc_err_str fc_http_major fc_pp_authority fc_pp_tlv fc_pp_unique_id fc_rcvd_proxy fc_src fc_src_port fe_client_timeout fe_conn fe_id fe_name fe_req_rate
  fe_sess_rate hdr hdr_cnt hdr_ip hdr_val hostname http_first_req int ipv4 ipv6 meth method nbproc nbsrv path
  pathq pid proc query queue rand req.cook req.cook_cnt req.cook_names req.cook_val req.fhdr req.fhdr_cnt
  req.hdr req.hdr_cnt req.hdr_ip req.hdr_names req.hdr_val req.proto_http req.timer.hdr req.timer.idle
  req.timer.queue req.timer.tq req.ver req_proto_http req_ver res.cook res.cook_cnt res.cook_names res.cook_val
  res.fhdr res.fhdr_cnt res.hdr res.hdr_cnt res.hdr_ip res.hdr_names res.hdr_val res.timer.data res.timer.hdr
  res.ver resp_ver scook scook_cnt scook_val shdr shdr_cnt shdr_ip shdr_val so_id so_name src src_port srv_conn
  srv_id srv_is_up srv_iweight srv_name srv_queue srv_sess_rate ssl_bc ssl_c_ca_err ssl_c_err ssl_c_used
  ssl_c_verify ssl_fc ssl_fc_alpn ssl_fc_cipher ssl_fc_err ssl_fc_has_sni ssl_fc_is_resumed ssl_fc_protocol
  ssl_fc_sni status stopping str thread txn.conn_retries txn.id32 txn.redispatched txn.sess_term_state
  txn.status txn.timer.total txn.timer.user unique-id uptime url url_param urlp urlp_val uuid
`;

const converters = `
  add and b64dec base64 be2dec be2hex bool bytes concat cpl crc32 crc32c cut_crlf digest div djb2 even field hex
  hex2i hmac host_only htonl http_date iif ipmask json le2dec length lower ltime ltrim mod ms_ltime ms_utime mul
  neg not odd or param port_only regsub reverse reverse_dom rtrim sdbm sha1 sha2 sub ub64dec ub64enc upper
  url_dec url_enc us_ltime us_utime utime word wt6 xor xxh32
`;

export const CARRIED_FETCHES: ReadonlySet<string> = new Set(fetches.trim().split(/\s+/));
export const CARRIED_CONVERTERS: ReadonlySet<string> = new Set(converters.trim().split(/\s+/));

/** Names of an expression that nobody here gives a value to. */
export function missingSteps({ fetch, converters: chain }: SampleExpression): string[] {
  const missing = CARRIED_FETCHES.has(fetch.name) ? [] : [fetch.name];
  return [...missing, ...chain.map(({ name }) => name).filter((name) => !CARRIED_CONVERTERS.has(name))];
}
