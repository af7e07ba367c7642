/** "Proxy web stopped (...)": what HAProxy says of every proxy at a soft stop, in its log and on standard error. */
import type { ProxySlice } from '../config/slice.ts';
import { SyslogSender, syslogOrigin } from '../log/syslog-sender.ts';
import { LOG_WARNING } from '../wire/syslog.ts';
import { CONN_TOT, type RowMap, SCUR, STOT } from './counter-layout.ts';
import type { Counters } from './counters.ts';

export function tellStopped(slice: ProxySlice, counters: Counters, rows: RowMap): void {
  const { global } = slice;
  for (const proxy of slice.proxies) {
    if (proxy.disabled) continue;
    const clients = counters.sum(rows.frontends.get(proxy.id)!, CONN_TOT);
    const sessions = counters.sum(rows.backends.get(proxy.id)!, STOT);
    const text = `Proxy ${proxy.name} stopped (cumulated conns: FE: ${clients}, BE: ${sessions}).`;
    const origin = syslogOrigin(proxy.logTag ?? global.logTag, global.logSendHostname);
    new SyslogSender(proxy.logs, origin).send(LOG_WARNING, text);
    if (!global.quiet) process.stderr.write(`[WARNING]  (${process.pid}) : ${text}\n`);
  }
}

/** `hard-stop-after`: the soft stop took too long. */
export function tellHardStop(slice: ProxySlice, counters: Counters | null, rows: RowMap): void {
  const warn = (text: string) => process.stderr.write(`[WARNING]  (${process.pid}) : ${text}\n`);
  warn('soft-stop running for too long, performing a hard-stop.');
  for (const proxy of slice.proxies) {
    const sessions = counters?.mineNow(rows.frontends.get(proxy.id)!, SCUR) ?? 0;
    if (sessions > 0) warn(`Proxy ${proxy.name} hard-stopped (${sessions} remaining conns will be closed).`);
  }
}
