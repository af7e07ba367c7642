/**
 * The variables that hold HAProxy's own log formats, for configurations that add to them (manual, chapters 2.3 and 8.2):
 *
 *     log-format "${HAPROXY_HTTP_LOG_FMT} %hr"
 */
const http =
  '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r';
const counts = '%ac %fc %bc %sc %rc %sq %bq';

export const formatVariables: Readonly<Record<string, string>> = {
  HAPROXY_HTTP_LOG_FMT: http,
  HAPROXY_HTTP_CLF_LOG_FMT: `%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc ${counts} %CC %CS %hrl %hsl`,
  HAPROXY_HTTPS_LOG_FMT: `${http} %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc`,
  HAPROXY_TCP_LOG_FMT: '%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq',
  HAPROXY_TCP_CLF_LOG_FMT: `%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- ${counts} "" "" `,
};
