/** How the vrrp role says things: core decides where lines go. Wording is keepalived's wherever people search for it. */

/** `detail`: only with keepalived's -D. The others are syslog's priorities of the same name. */
export type VrrpLogLevel = 'detail' | 'info' | 'warning' | 'error';

export type VrrpLog = (level: VrrpLogLevel, text: string) => void;
