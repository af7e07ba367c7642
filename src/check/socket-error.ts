/**
 * How HAProxy words a failed connection, as tried with 2.6: an error that connect(2) reports at once is a "General
 * socket error", one that the network reports later is named as it is; after the connection stood, it is SOCKERR.
 */
import type { Destination, Verdict } from './verdict.ts';
import { makeVerdict } from './verdict.ts';

/** The C library's words; libuv's differ. */
const words: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EAGAIN: 'Resource temporarily unavailable',
  ECONNABORTED: 'Software caused connection abort',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTDOWN: 'Host is down',
  EHOSTUNREACH: 'No route to host',
  EINVAL: 'Invalid argument',
  EMFILE: 'Too many open files',
  ENETDOWN: 'Network is down',
  ENETUNREACH: 'Network is unreachable',
  ENFILE: 'Too many open files in system',
  ENOBUFS: 'No buffer space available',
  ENOENT: 'No such file or directory',
  ENOTSOCK: 'Socket operation on non-socket',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  EPROTOTYPE: 'Protocol wrong type for socket',
  ETIMEDOUT: 'Connection timed out',
};

/** What the network reports after connect(2) has returned. */
const late = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN', 'ETIMEDOUT', 'ECONNRESET', 'ECONNABORTED']);

function describeError(code: string): string {
  return words[code] ?? code;
}

export function judgeConnectError(to: Destination, code: string): Verdict {
  const text = describeError(code);
  if (to.kind === 'unix') return makeVerdict('SOCKERR', `General socket error (${text})`);
  return makeVerdict('L4CON', late.has(code) ? text : `General socket error (${text})`);
}

export function judgeStreamError(code: string): Verdict {
  return makeVerdict('SOCKERR', describeError(code));
}
