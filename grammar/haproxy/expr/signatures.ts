/**
 * Signatures of sample fetches and converters (manual, chapters 7.3 and 7.2): facts, in rows of words that share them.
 *
 * A fetch row: where it may be used (a letter of `availability`), the type it gives, its arguments (`-`: none; what is
 * in brackets may be left out), the release that brought it. A converter row: the type it takes and the type it gives.
 * ACL criteria that are a fetch with a matching method ("path_beg") are in `criteria`.
 */

/**
 * Places in a stream's life, one character each: frontend connection, session, content, HTTP header, HTTP body and
 * use_backend rules; backend content, header, body, use-server rules and source address; backend response content,
 * header, body and store rules; frontend response content, header and body rules; logs; checks; configuration; CLI.
 */
export const availability: Readonly<Record<string, string>> = {
  A: '..YYYYYYYYY...........',
  B: 'YYYYYYYYYYYYYYYYYYYY..',
  C: 'YYYYYYYYYYYYYYYYYYYYYY',
  D: 'YYYYYYYYYYYYYYYYYYYY.Y',
  E: '...........YYYYYYYYY..',
  F: '......YYYYYYYYYYYYYY..',
  G: '..YYYYYYYYYYYYYYYYY...',
  H: '.........YYYYYYYYYY...',
  I: '..YYYYYYYYYYYYYYYY.Y..',
  J: 'YYYYYYYYYYYYYYYYYYY...',
  K: '.YYYYYYYYYYYYYYYYYY...',
  L: '...........YYYYYYY.Y..',
  M: '..........YYYYYYYYYY..',
};

export const fetchTable = `
  A str string[,string,string,string,string] 1.6: 51d.all
  B sint [string] 2.9: accept_date
  C bool string[,string,string,string,string,string,string,string,string,string,string,string] 2.9: acl
  C sint - 2.9: act_conn pid
  C bool - 1.3: always_false always_true
  D sint backend 1.3: avg_queue be_conn be_sess_rate connslots nbsrv queue
  A str - 1.5: base req.ssl_sni req_ssl_sni
  A sint - 1.5: base32 req.len req.ssl_hello_type req.ssl_ver req_ssl_hello_type url32
  A bin - 1.5: base32+src url32+src
  A str - 2.4: baseq
  E sint - 2.9: bc.timer.connect bs.id req.timer.queue server_status txn.conn_retries txn.status
  E sint - 3.0: bc_be_queue bc_glitches bc_nb_streams bc_settings_streams_limit bc_srv_queue bs.aborted bs.rst_code
  E addr - 2.4: bc_dst bc_src
  E sint - 2.4: bc_dst_port bc_src_port
  E sint - 2.5: bc_err ssl_bc_err
  E str - 3.1: bc_err_name
  E str - 2.5: bc_err_str ssl_bc_err_str
  E sint - 1.9: bc_http_major
  E bool - 3.2: bc_reused
  B sint [string] 2.8: bc_rtt bc_rttvar
  D sint backend 1.9: be_conn_free
  F sint - 3.4: be_connect_timeout be_queue_timeout be_tarpit_timeout cur_connect_timeout cur_queue_timeout
  F sint - 1.5: be_id
  F str - 1.8: be_name
  F sint - 2.4: be_server_timeout be_tunnel_timeout cur_server_timeout cur_tunnel_timeout
  C bin string 1.6: bin
  C bool string 1.6: bool
  E str [integer] 3.1: bs.debug_str
  G sint - 2.9: bytes_in txn.timer.total txn.timer.user
  H sint - 2.9: bytes_out res.timer.data
  G str integer 1.5: capture.req.hdr
  G str - 1.5: capture.req.method capture.req.uri capture.req.ver capture.res.ver req.ver
  E str integer 1.5: capture.res.hdr
  A str [string] 1.4: cook
  A sint [string] 1.5: cook_cnt cook_val rdp_cookie_cnt req.cook_cnt req.cook_val req.fhdr_cnt req.hdr_cnt
    req.rdp_cookie_cnt
  I str [string] 1.5: cookie
  D sint - 1.9: cpu_calls cpu_ns_avg cpu_ns_tot lat_ns_avg lat_ns_tot prio_class prio_offset
  D sint - 3.4: cpu_usage_grp cpu_usage_proc cpu_usage_thr
  J sint - 2.9: cur_client_timeout fc.timer.total
  B sint - 3.4: cur_tarpit_timeout
  A str string[,string,string,string,string,string,string,string,string,string,string,string] 1.6: da-csv-fetch
  C sint [integer,string] 1.5: date
  C sint - 1.9: date_us
  I bin string[,integer] 1.8: distcc_body
  I sint string[,integer] 1.8: distcc_param
  B addr - 1.3: dst src
  J sint - 1.3: dst_conn
  B bool - 1.7: dst_is_local src_is_local
  B sint - 1.3: dst_port src_port
  C str [string,string,string] 3.4: dump_all_vars
  C str string 1.5: env
  B sint - 2.9: fc.timer.handshake
  B addr - 2.5: fc_dst fc_src
  B bool - 2.5: fc_dst_is_local fc_src_is_local
  B sint - 2.5: fc_dst_port fc_err fc_src_port
  B str - 3.1: fc_err_name
  B str - 2.5: fc_err_str
  B sint [string] 1.7: fc_fackets fc_lost fc_reordering fc_retrans fc_rtt fc_rttvar fc_sacked fc_unacked
  B sint - 3.0: fc_glitches fc_nb_streams
  B sint - 1.8: fc_http_major
  B str - 2.1: fc_pp_authority
  K str string 2.9: fc_pp_tlv
  B str - 2.2: fc_pp_unique_id
  B bool - 1.8: fc_rcvd_proxy
  B bin - 3.4: fc_saved_syn
  K sint - 3.0: fc_settings_streams_limit fs.aborted fs.rst_code
  A str - 2.1: fcgi.docroot fcgi.index http_auth_pass http_auth_type http_auth_user
  J sint - 2.4: fe_client_timeout
  D sint frontend 1.3: fe_conn fe_sess_rate
  J str - 1.9: fe_defbe
  J sint - 1.4: fe_id so_id
  J str - 1.8: fe_name
  D sint frontend 1.7: fe_req_rate
  J sint - 3.4: fe_tarpit_timeout
  K str [integer] 3.1: fs.debug_str
  K str - 2.9: fs.id ssl_fc_curve
  I str [string,integer] 1.3: hdr
  A sint [string] 1.3: hdr_cnt
  A addr [string,integer] 1.3: hdr_ip
  A sint [string,integer] 1.3: hdr_val
  C str - 1.8: hostname
  A bool userlist 1.4: http_auth
  A str [string] 2.5: http_auth_bearer
  A str userlist 1.4: http_auth_group
  G bool - 1.5: http_first_req req.proto_http
  C sint integer 1.6: int
  I sint - 2.2: internal.htx.data internal.htx.free internal.htx.free_data internal.htx.nbblks internal.htx.size
    internal.htx.used
  I bool - 2.2: internal.htx.has_eom
  I bin string 2.2: internal.htx_blk.data
  I str string 2.2: internal.htx_blk.hdrname internal.htx_blk.hdrval internal.htx_blk.start_line
    internal.htx_blk.type
  I sint string 2.2: internal.htx_blk.size
  D bool - 2.2: internal.strm.is_htx
  C ipv4 ipv4 1.6: ipv4
  C ipv6 ipv6 1.6: ipv6
  D str - 3.1: last_entity spoe.engine-id waiting_entity
  D str - 2.6: last_rule_file
  D sint - 2.6: last_rule_line
  C meth string 1.6: meth
  G meth - 1.3: method
  C sint - 1.6: nbproc proc
  A str - 1.3: path url
  A str - 2.3: pathq
  I bin integer,integer 1.5: payload
  I bin integer,integer[,string] 1.5: payload_lv
  A str [string] 1.6: query req.hdr_names
  C bool - 2.8: quic_enabled
  C sint [integer] 1.5: rand
  A str [string] 1.5: rdp_cookie req.cook req.rdp_cookie
  L sint - 1.5: rep_ssl_hello_type res.len res.ssl_hello_type
  A bin - 1.6: req.body
  A sint - 1.6: req.body_len req.body_size req.ssl_st_ext
  A bin [string,string] 1.6: req.body_param
  G sint - 3.3: req.bytes_in req.bytes_out
  A str [string] 2.9: req.cook_names
  A str [string,integer] 1.5: req.fhdr req.hdr
  A addr [string,integer] 1.5: req.hdr_ip
  A sint [string,integer] 1.5: req.hdr_val
  A bin - 1.8: req.hdrs req.hdrs_bin
  A bin integer,integer 1.5: req.payload
  A bin integer,integer[,string] 1.5: req.payload_lv
  A str - 2.0: req.ssl_alpn
  B bin - 3.2: req.ssl_cipherlist req.ssl_keyshare_groups req.ssl_sigalgs req.ssl_supported_groups
  A bool - 1.6: req.ssl_ec_ext
  A sint - 2.9: req.timer.hdr req.timer.idle req.timer.tq
  A sint - 1.3: req_len req_ssl_ver url_port
  G bool - 1.4: req_proto_http
  G str - 1.3: req_ver
  G sint [string] 2.9: request_date
  L bin - 2.2: res.body res.hdrs res.hdrs_bin
  L sint - 2.2: res.body_len res.body_size
  H sint - 3.3: res.bytes_in res.bytes_out
  M bool - 2.3: res.cache_hit
  M str - 2.3: res.cache_name
  E bool - 1.5: res.comp ssl_bc
  E str - 1.5: res.comp_algo res.ver ssl_bc_cipher ssl_bc_protocol
  L str [string] 1.5: res.cook scook
  L sint [string] 1.5: res.cook_cnt res.cook_val res.fhdr_cnt res.hdr_cnt scook_cnt scook_val
  L str [string] 2.9: res.cook_names
  L str [string,integer] 1.5: res.fhdr res.hdr
  L addr [string,integer] 1.5: res.hdr_ip
  L str [string] 1.6: res.hdr_names
  L sint [string,integer] 1.5: res.hdr_val
  L bin integer,integer 1.5: res.payload
  L bin integer,integer[,string] 1.5: res.payload_lv
  L sint - 2.9: res.timer.hdr
  E str - 1.4: resp_ver
  D sint [table] 1.5: sc0_bytes_in_rate sc0_bytes_out_rate sc0_clr_gpc0 sc0_conn_cnt sc0_conn_cur sc0_conn_rate
    sc0_get_gpc0 sc0_gpc0_rate sc0_http_err_cnt sc0_http_err_rate sc0_http_req_cnt sc0_http_req_rate sc0_inc_gpc0
    sc0_sess_cnt sc0_sess_rate sc0_trackers sc1_bytes_in_rate sc1_bytes_out_rate sc1_clr_gpc0 sc1_conn_cnt
    sc1_conn_cur sc1_conn_rate sc1_get_gpc0 sc1_gpc0_rate sc1_http_err_cnt sc1_http_err_rate sc1_http_req_cnt
    sc1_http_req_rate sc1_inc_gpc0 sc1_sess_cnt sc1_sess_rate sc1_trackers sc2_bytes_in_rate sc2_bytes_out_rate
    sc2_clr_gpc0 sc2_conn_cnt sc2_conn_cur sc2_conn_rate sc2_get_gpc0 sc2_gpc0_rate sc2_http_err_cnt
    sc2_http_err_rate sc2_http_req_cnt sc2_http_req_rate sc2_inc_gpc0 sc2_sess_cnt sc2_sess_rate sc2_trackers
  D sint [table] 1.9: sc0_clr_gpc1 sc0_get_gpc1 sc0_gpc1_rate sc0_inc_gpc1 sc1_clr_gpc1 sc1_get_gpc1 sc1_gpc1_rate
    sc1_inc_gpc1 sc2_clr_gpc1 sc2_get_gpc1 sc2_gpc1_rate sc2_inc_gpc1
  D sint [table] 1.6: sc0_get_gpt0 sc1_get_gpt0 sc2_get_gpt0
  D sint [table] 3.0: sc0_glitch_cnt sc0_glitch_rate sc1_glitch_cnt sc1_glitch_rate sc2_glitch_cnt sc2_glitch_rate
  D sint [table] 2.4: sc0_http_fail_cnt sc0_http_fail_rate sc1_http_fail_cnt sc1_http_fail_rate sc2_http_fail_cnt
    sc2_http_fail_rate
  B sint [table] 1.5: sc0_kbytes_in sc0_kbytes_out sc1_kbytes_in sc1_kbytes_out sc2_kbytes_in sc2_kbytes_out
  D any - 3.2: sc0_key sc1_key sc2_key
  D bool [table] 1.5: sc0_tracked sc1_tracked sc2_tracked
  D sint integer[,table] 2.5: sc1_clr_gpc
  D sint integer[,table] 1.5: sc_bytes_in_rate sc_bytes_out_rate sc_clr_gpc0 sc_conn_cnt sc_conn_cur sc_conn_rate
    sc_get_gpc0 sc_gpc0_rate sc_http_err_cnt sc_http_err_rate sc_http_req_cnt sc_http_req_rate sc_inc_gpc0
    sc_sess_cnt sc_sess_rate sc_trackers
  D sint integer,integer[,table] 2.5: sc_clr_gpc sc_get_gpc sc_get_gpt sc_gpc_rate sc_inc_gpc
  D sint integer[,table] 1.9: sc_clr_gpc1 sc_get_gpc1 sc_gpc1_rate sc_inc_gpc1
  D sint integer[,table] 1.6: sc_get_gpt0
  D sint integer[,table] 3.0: sc_glitch_cnt sc_glitch_rate
  D sint integer[,table] 2.4: sc_http_fail_cnt sc_http_fail_rate
  B sint integer[,table] 1.5: sc_kbytes_in sc_kbytes_out
  D any integer 3.2: sc_key
  D bool integer[,table] 1.5: sc_tracked
  L str [string,integer] 1.4: shdr
  L sint [string] 1.4: shdr_cnt
  L addr [string,integer] 1.4: shdr_ip
  L sint [string,integer] 1.4: shdr_val
  J str - 2.2: so_name
  B sint table 1.5: src_bytes_in_rate src_bytes_out_rate src_clr_gpc0 src_conn_cnt src_conn_cur src_conn_rate
    src_get_gpc0 src_gpc0_rate src_http_err_cnt src_http_err_rate src_http_req_cnt src_http_req_rate src_inc_gpc0
    src_kbytes_in src_kbytes_out src_sess_cnt src_sess_rate src_updt_conn_cnt
  B sint integer,table 2.5: src_clr_gpc src_get_gpc src_get_gpt src_gpc_rate src_inc_gpc
  B sint table 1.9: src_clr_gpc1 src_get_gpc1 src_gpc1_rate src_inc_gpc1
  B sint table 1.6: src_get_gpt0
  B sint table 3.0: src_glitch_cnt src_glitch_rate
  B sint table 2.4: src_http_fail_cnt src_http_fail_rate
  D sint server 1.5: srv_conn srv_sess_rate
  D sint server 1.9: srv_conn_free
  M sint - 1.5: srv_id
  D bool server 1.4: srv_is_up
  D sint server 2.3: srv_iweight srv_uweight srv_weight
  M str - 2.1: srv_name
  D sint server 1.8: srv_queue
  E sint - 1.5: ssl_bc_alg_keysize ssl_bc_use_keysize
  E str - 1.9: ssl_bc_alpn ssl_bc_npn
  K str - 3.0: ssl_bc_client_early_traffic_secret ssl_bc_client_handshake_traffic_secret
    ssl_bc_client_traffic_secret_0 ssl_bc_early_exporter_secret ssl_bc_exporter_secret
    ssl_bc_server_handshake_traffic_secret ssl_bc_server_traffic_secret_0
  E bin - 2.0: ssl_bc_client_random ssl_bc_server_random
  E str - 2.9: ssl_bc_curve
  E bool - 1.9: ssl_bc_is_resumed
  E bin - 1.5: ssl_bc_session_id ssl_bc_unique_id
  E bin - 1.9: ssl_bc_session_key
  E str - 3.3: ssl_bc_sni
  K sint - 1.5: ssl_c_ca_err ssl_c_ca_err_depth ssl_c_err ssl_c_verify ssl_c_version ssl_f_version
    ssl_fc_alg_keysize ssl_fc_use_keysize
  K bin - 2.3: ssl_c_chain_der ssl_s_chain_der
  K bin - 1.6: ssl_c_der ssl_f_der
  K str [string,integer,string] 1.5: ssl_c_i_dn ssl_c_s_dn ssl_f_i_dn ssl_f_s_dn
  K str - 1.5: ssl_c_key_alg ssl_c_notafter ssl_c_notbefore ssl_c_sig_alg ssl_f_key_alg ssl_f_notafter
    ssl_f_notbefore ssl_f_sig_alg ssl_fc_alpn ssl_fc_cipher ssl_fc_npn ssl_fc_protocol ssl_fc_sni
  K str [string,integer,string] 2.8: ssl_c_r_dn
  K str - 3.1: ssl_c_san
  K bin - 1.5: ssl_c_serial ssl_c_sha1 ssl_f_serial ssl_f_sha1 ssl_fc_session_id ssl_fc_unique_id
  K bool - 1.5: ssl_c_used ssl_fc ssl_fc_has_crt ssl_fc_has_sni
  K str [integer] 1.8: ssl_fc_cipherlist_bin ssl_fc_cipherlist_str
  K bin [integer] 1.8: ssl_fc_cipherlist_hex
  K sint - 1.8: ssl_fc_cipherlist_xxh
  K str - 2.2: ssl_fc_client_early_traffic_secret ssl_fc_client_handshake_traffic_secret
    ssl_fc_client_traffic_secret_0 ssl_fc_early_exporter_secret ssl_fc_exporter_secret
    ssl_fc_server_handshake_traffic_secret ssl_fc_server_traffic_secret_0 ssl_s_key_alg ssl_s_notafter
    ssl_s_notbefore ssl_s_sig_alg
  K bin - 2.0: ssl_fc_client_random ssl_fc_server_random
  K str - 3.4: ssl_fc_crtname
  K bool - 3.3: ssl_fc_early_rcvd
  K str - 2.5: ssl_fc_ecformats_bin ssl_fc_err_str
  K str [integer] 2.5: ssl_fc_eclist_bin ssl_fc_extlist_bin
  K sint - 2.5: ssl_fc_err ssl_fc_protocol_hello_id
  K bool - 1.8: ssl_fc_has_early
  K bool - 1.6: ssl_fc_is_resumed
  K bin - 1.9: ssl_fc_session_key
  K bin [integer] 3.1: ssl_fc_sigalgs_bin ssl_fc_supported_versions_bin
  K bin - 2.2: ssl_s_der ssl_s_serial ssl_s_sha1
  K str [string,integer,string] 2.2: ssl_s_i_dn ssl_s_s_dn
  K sint - 2.2: ssl_s_version
  E sint - 1.4: status
  D bool - 1.6: stopping
  C str string 1.6: str
  D sint table 1.5: table_avl table_cnt
  D str - 3.2: term_events
  C sint - 3.4: tgroup
  C sint - 1.8: thread
  D sint - 2.9: txn.id32
  E bool - 3.0: txn.redispatched
  D str - 2.9: txn.sess_term_state
  C str - 1.7: unique-id
  C sint - 3.0: uptime
  A ipv4 - 1.3: url_ip
  A str [string,string,string] 1.5: url_param urlp
  A sint [string,string,string] 1.5: urlp_val
  C str [integer] 2.1: uuid
  C any string[,string] 1.6: var
  D bool - 1.3: wait_end
`;

export const converterTable = `
  str str string[,string,string,string,string] 1.6: 51d.single
  sint sint string 1.6: add and div mod mul or sub xor
  str str string,string[,string] 2.6: add_item
  bin bin integer,string,string[,string] 3.4: aes_cbc_dec aes_cbc_enc
  bin bin integer,string,string,string[,string] 2.0: aes_gcm_dec
  bin bin integer,string,string,string[,string] 3.0: aes_gcm_enc
  str bin - 1.8: b64dec
  bin str - 3.3: base2
  bin str - 1.5: base64 hex
  bin str string[,integer,integer] 2.5: be2dec be2hex
  sint bool - 1.6: bool even not odd
  bin bin string[,string] 1.6: bytes
  str str integer 1.6: capture-req capture-res
  str str string[,string,string] 1.9: concat
  sint sint - 1.6: cpl neg
  bin sint [integer] 1.6: crc32 djb2 sdbm wt6
  bin sint [integer] 1.9: crc32c
  str str - 2.2: cut_crlf
  str str string[,string,string,string,string,string,string,string,string,string,string,string] 1.6: da-csv-conv
  str sint - 3.1: date
  any same [string,string] 1.6: debug
  bin bin string 2.2: digest
  bin bin - 3.4: eth.data eth.dst eth.hdr eth.src ip.data ip.hdr tcp.options_list
  bin sint - 3.4: eth.proto eth.vlan ip.df ip.proto ip.tos ip.ttl ip.ver tcp.dst tcp.flags tcp.options.mss
    tcp.options.sack tcp.options.tsopt tcp.options.tsval tcp.options.wscale tcp.options.wsopt tcp.seq tcp.src
    tcp.win
  str bool - 3.4: fe_exists
  str str integer,string[,integer] 1.6: field word
  bin bool - 2.4: fix_is_valid mqtt_is_valid
  bin bin string 2.4: fix_tag_value
  str sint - 1.8: hex2i nbsrv
  bin bin string,string 2.2: hmac
  str str - 2.6: host_only
  sint bin - 2.2: htonl
  sint str [integer,string] 1.5: http_date
  bool str string,string 2.3: iif
  any bool table 1.6: in_table
  bin addr - 3.4: ip.dst ip.src
  bin bin [integer] 3.4: ip.fp
  addr addr mask4[,mask6] 1.5: ipmask
  str str string 1.6: json
  str any string[,string] 2.4: json_query
  bin bin string 3.4: jwt_decrypt_cert jwt_decrypt_jwk jwt_decrypt_secret
  bin any [string,string] 2.5: jwt_header_query jwt_payload_query
  bin sint string,string 2.5: jwt_verify
  bin sint string,string 3.3: jwt_verify_cert
  str str string[,string] 1.5: language map map_beg map_dir map_dom map_end map_reg map_str map_sub
  bin str string[,integer,integer] 3.3: le2dec
  str sint - 1.9: length
  str str - 1.5: lower upper
  sint str string[,integer] 1.6: ltime utime
  str str string 2.2: ltrim rtrim
  str sint string[,integer] 1.5: map_beg_int map_dir_int map_dom_int map_end_int map_reg_int map_str_int map_sub_int
  str addr string[,string] 1.5: map_beg_ip map_dir_ip map_dom_ip map_end_ip map_reg_ip map_str_ip map_sub_ip
  str str string 3.0: map_beg_key map_dir_key map_dom_key map_end_key map_reg_key map_str_key map_sub_key
  sint str string[,string] 1.5: map_int
  sint sint string[,integer] 1.5: map_int_int
  sint addr string[,string] 1.5: map_int_ip
  sint str string 3.0: map_int_key
  addr str string[,string] 1.5: map_ip
  addr sint string[,integer] 1.5: map_ip_int
  addr addr string[,string] 1.5: map_ip_ip
  addr str string 3.0: map_ip_key
  str str string[,string] 1.7: map_regm
  bin str string,string 2.4: mqtt_field_value
  sint str string[,integer] 2.9: ms_ltime ms_utime us_ltime us_utime
  str str string[,string] 2.8: param
  str sint - 2.6: port_only
  bin bin pbnumber[,string] 2.0: protobuf ungrpc
  str str regex,string[,string] 1.6: regsub
  str str - 3.4: reverse reverse_dom
  str str string 2.8: rfc7239_field
  str bool - 2.8: rfc7239_is_valid
  str any - 2.8: rfc7239_n2nn rfc7239_n2np
  any str - 3.1: rfc7239_nn rfc7239_np
  bin bool string 2.2: secure_memcmp
  any any string[,string,string,string,string] 1.6: set-var
  bin bin - 1.8: sha1
  bin bin [integer] 2.1: sha2
  str bool - 3.3: srv_is_up
  str sint - 2.1: srv_queue
  str sint string 1.9: strcmp
  any sint table 1.6: table_bytes_in_rate table_bytes_out_rate table_conn_cnt table_conn_cur table_conn_rate
    table_gpc0 table_gpc0_rate table_gpt0 table_http_err_cnt table_http_err_rate table_http_req_cnt
    table_http_req_rate table_kbytes_in table_kbytes_out table_server_id table_sess_cnt table_sess_rate
    table_trackers
  any sint integer,table 3.2: table_clr_gpc table_inc_gpc
  any sint table 3.2: table_clr_gpc0 table_clr_gpc1 table_inc_gpc0 table_inc_gpc1
  any sint table[,integer] 2.6: table_expire table_idle
  any sint table 3.0: table_glitch_cnt table_glitch_rate
  any sint integer,table 2.5: table_gpc table_gpc_rate table_gpt
  any sint table 1.9: table_gpc1 table_gpc1_rate
  any sint table 2.4: table_http_fail_cnt table_http_fail_rate
  str bin - 2.4: ub64dec
  bin str - 2.4: ub64enc
  any any string 1.7: unset-var
  str str [integer] 1.6: url_dec
  str str string 2.4: url_enc
  any any string[,string,string] 3.1: when
  sint str - 2.7: x509_v_err_str
  bin sint [integer] 2.4: xxh3
  bin sint [integer] 1.8: xxh32 xxh64
`;

/** Criteria by the fetch and the matching method that they stand for. */
export const criteria = `
  base: base=str base_beg=beg base_dir=dir base_dom=dom base_end=end base_len=len base_reg=reg base_sub=sub
  req.cook: cook=str cook_beg=beg cook_dir=dir cook_dom=dom cook_end=end cook_len=len cook_reg=reg
    cook_sub=sub
  req.hdr: hdr=str hdr_beg=beg hdr_dir=dir hdr_dom=dom hdr_end=end hdr_len=len hdr_reg=reg hdr_sub=sub
  http_auth_group: http_auth_group=str
  method: method=str
  path: path=str path_beg=beg path_dir=dir path_dom=dom path_end=end path_len=len path_reg=reg path_sub=sub
  req.payload: payload=bin
  req.payload_lv: payload_lv=bin
  req.ssl_ver: req.ssl_ver=int req_ssl_ver=int
  req.rdp_cookie: req_rdp_cookie=str
  req.rdp_cookie_cnt: req_rdp_cookie_cnt=int
  req.ssl_sni: req_ssl_sni=str
  req.ver: req_ver=str
  res.ver: resp_ver=str
  res.cook: scook=str scook_beg=beg scook_dir=dir scook_dom=dom scook_end=end scook_len=len scook_reg=reg
    scook_sub=sub
  res.hdr: shdr=str shdr_beg=beg shdr_dir=dir shdr_dom=dom shdr_end=end shdr_len=len shdr_reg=reg shdr_sub=sub
  ssl_fc_sni: ssl_fc_sni_end=end ssl_fc_sni_reg=reg
  url: url=str url_beg=beg url_dir=dir url_dom=dom url_end=end url_len=len url_reg=reg url_sub=sub
  urlp: urlp=str urlp_beg=beg urlp_dir=dir urlp_dom=dom urlp_end=end urlp_len=len urlp_reg=reg urlp_sub=sub
`;
