/**
 * Fetches of HTTP messages (manual, 7.3.6). Most need the head at hand, which it is while a request is being taken or
 * a response passed on; log lines have the captured request line, status and captures instead.
 */
import type { Head } from '../../wire/http1-head.ts';
import { BAD_REQUEST, type SessionRecord } from '../log/record.ts';
import { type Evaluate, type FetchPlace, type FetchRow, type FetchTable, intArg, made, plain } from './fetch-row.ts';
import {
  type Cookie,
  cookieSet,
  cookiesIn,
  fieldNames,
  parameterOf,
  pathOf,
  pick,
  queryOf,
  textOf,
  valuesOf,
} from './message-parts.ts';
import { textAddress, textInt } from './value.ts';

/** Which message a fetch looks at. */
type Side = 'request' | 'response';

function headOf(r: SessionRecord, side: Side): Head | null {
  return side === 'request' ? r.requestHead : r.responseHead;
}

function bytesOf(r: SessionRecord, side: Side): Uint8Array {
  return side === 'request' ? r.requestBytes : r.responseBytes;
}

function lowerName(args: readonly string[]): Uint8Array | null {
  const name = args[0] ?? '';
  return name === '' ? null : Buffer.from(name.toLowerCase(), 'latin1');
}

function values(r: SessionRecord, side: Side, name: Uint8Array | null, whole: boolean): string[] | null {
  const head = headOf(r, side);
  return head === null ? null : valuesOf(bytesOf(r, side), head, name, whole);
}

function fieldFetch(side: Side, whole: boolean): ({ args }: FetchPlace) => Evaluate<string> {
  return ({ args }) => {
    const name = lowerName(args);
    const occurrence = intArg(args, 1, 0);
    return (r) => {
      const all = values(r, side, name, whole);
      return all === null ? null : pick(all, occurrence);
    };
  };
}

function fieldText(side: Side, whole = false): FetchRow {
  return made('str', fieldFetch(side, whole));
}

function fieldCount(side: Side, whole = false): FetchRow {
  return made('sint', ({ args }) => {
    const name = lowerName(args);
    return (r) => values(r, side, name, whole)?.length ?? null;
  });
}

function fieldInt(side: Side): FetchRow {
  return made('sint', (place) => {
    const fetch = fieldFetch(side, false)(place);
    return (r) => {
      const text = fetch(r);
      return text === null ? null : textInt(text);
    };
  });
}

/** An address, with a port or in brackets as in `Forwarded` and its relatives. */
function fieldAddress(side: Side): FetchRow {
  return made('addr', (place) => {
    const fetch = fieldFetch(side, false)(place);
    return (r) => {
      const text = fetch(r);
      return text === null ? null : textAddress(text.replace(/^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/, '$1$2'));
    };
  });
}

function namesText(side: Side): FetchRow {
  return made('str', ({ args }) => (r) => {
    const head = headOf(r, side);
    return head === null ? null : fieldNames(bytesOf(r, side), head).join(args[0] ?? ',');
  });
}

const COOKIE = Buffer.from('cookie');
const SET_COOKIE = Buffer.from('set-cookie');

function cookies(r: SessionRecord, side: Side): Cookie[] | null {
  const all = values(r, side, side === 'request' ? COOKIE : SET_COOKIE, true);
  return all?.flatMap(side === 'request' ? cookiesIn : cookieSet) ?? null;
}

function cookieFetch(side: Side): ({ args }: FetchPlace) => Evaluate<string> {
  return ({ args: [name = ''] }) =>
    (r) =>
      cookies(r, side)?.findLast((cookie) => name === '' || cookie.name === name)?.value ?? null;
}

function cookieText(side: Side): FetchRow {
  return made('str', cookieFetch(side));
}

function cookieInt(side: Side): FetchRow {
  return made('sint', (place) => {
    const fetch = cookieFetch(side)(place);
    return (r) => {
      const text = fetch(r);
      return text === null ? null : textInt(text);
    };
  });
}

function cookieCount(side: Side): FetchRow {
  return made('sint', ({ args: [name = ''] }) => (r) => {
    return cookies(r, side)?.filter((cookie) => name === '' || cookie.name === name).length ?? null;
  });
}

function cookieNames(side: Side): FetchRow {
  return made('str', ({ args }) => (r) => {
    return (
      cookies(r, side)
        ?.map((cookie) => cookie.name)
        .join(args[0] ?? ',') ?? null
    );
  });
}

/** The request's target as it came. */
export function targetOf(r: SessionRecord): string | null {
  const { requestHead: head, requestBytes: bytes } = r;
  return head === null ? null : textOf(bytes, head.uriStart, head.uriEnd);
}

function ofTarget(read: (target: string) => string | null): FetchRow {
  return plain('str', (r) => {
    const target = targetOf(r);
    return target === null ? null : read(target);
  });
}

const HOST = Buffer.from('host');

/** The first Host and the path. */
function base(withQuery: boolean): FetchRow {
  return plain('str', (r) => {
    const target = targetOf(r);
    if (target === null) return null;
    const path = pathOf(target, withQuery);
    const host = values(r, 'request', HOST, true)?.[0];
    return host === undefined ? path : host + (path ?? '');
  });
}

function makeParameter({ args }: FetchPlace): Evaluate<string> {
  const [name = '', mark = '', flags = ''] = args;
  return (r) => {
    const target = targetOf(r);
    return target === null ? null : parameterOf(target, name, mark === '' ? '?' : mark[0]!, flags === 'i');
  };
}

/** The request line that log lines show, in its three parts. */
function lineParts(r: SessionRecord): string[] | null {
  return r.request === BAD_REQUEST || r.request === '' ? null : r.request.split(' ');
}

function method(r: SessionRecord): string | null {
  const { requestHead: head, requestBytes: bytes } = r;
  return head === null ? (lineParts(r)?.[0] ?? null) : textOf(bytes, head.lineStart, head.methodEnd);
}

function versionOf(side: Side): FetchRow {
  return plain('str', (r) => {
    const head = headOf(r, side);
    return head === null ? null : `1.${head.version - 10}`;
  });
}

function capture(read: (r: SessionRecord) => readonly (string | null)[] | null): FetchRow {
  return made('str', ({ args }) => {
    const index = intArg(args, 0, 0);
    return (r) => read(r)?.[index] ?? null;
  });
}

const status = plain('sint', (r) => (r.status > 0 ? r.status : null));
const requestField = fieldText('request');
const responseField = fieldText('response');
const requestFieldCount = fieldCount('request');
const requestFieldInt = fieldInt('request');
const requestFieldAddress = fieldAddress('request');
const requestCookie = cookieText('request');
const responseCookie = cookieText('response');
const parameter = made('str', makeParameter);

export const httpFetches: FetchTable = {
  method: plain('str', method),
  url: ofTarget((target) => target),
  path: ofTarget((target) => pathOf(target, false)),
  pathq: ofTarget((target) => pathOf(target, true)),
  query: ofTarget((target) => queryOf(target)),
  base: base(false),
  baseq: base(true),
  url_param: parameter,
  urlp: parameter,
  urlp_val: made('sint', (place) => {
    const fetch = makeParameter(place);
    return (r) => {
      const text = fetch(r);
      return text === null ? null : textInt(text);
    };
  }),
  'req.ver': versionOf('request'),
  req_ver: versionOf('request'),
  'req.hdr': requestField,
  hdr: requestField,
  'req.fhdr': fieldText('request', true),
  'req.hdr_cnt': requestFieldCount,
  hdr_cnt: requestFieldCount,
  'req.fhdr_cnt': fieldCount('request', true),
  'req.hdr_val': requestFieldInt,
  hdr_val: requestFieldInt,
  'req.hdr_ip': requestFieldAddress,
  hdr_ip: requestFieldAddress,
  'req.hdr_names': namesText('request'),
  'req.cook': requestCookie,
  cook: requestCookie,
  cookie: requestCookie,
  'req.cook_cnt': cookieCount('request'),
  cook_cnt: cookieCount('request'),
  'req.cook_val': cookieInt('request'),
  cook_val: cookieInt('request'),
  'req.cook_names': cookieNames('request'),
  http_first_req: plain('bool', (r) => (r.request === BAD_REQUEST ? null : r.isFirst)),
  'req.proto_http': plain('bool', (r) => r.mode === 'http'),
  req_proto_http: plain('bool', (r) => r.mode === 'http'),
  status,
  'txn.status': status,
  'res.ver': versionOf('response'),
  resp_ver: versionOf('response'),
  'res.hdr': responseField,
  shdr: responseField,
  'res.fhdr': fieldText('response', true),
  'res.hdr_cnt': fieldCount('response'),
  shdr_cnt: fieldCount('response'),
  'res.fhdr_cnt': fieldCount('response', true),
  'res.hdr_val': fieldInt('response'),
  shdr_val: fieldInt('response'),
  'res.hdr_ip': fieldAddress('response'),
  shdr_ip: fieldAddress('response'),
  'res.hdr_names': namesText('response'),
  'res.cook': responseCookie,
  scook: responseCookie,
  'res.cook_cnt': cookieCount('response'),
  scook_cnt: cookieCount('response'),
  'res.cook_val': cookieInt('response'),
  scook_val: cookieInt('response'),
  'res.cook_names': cookieNames('response'),
  'capture.req.hdr': capture((r) => r.requestHeaders),
  'capture.res.hdr': capture((r) => r.responseHeaders),
  'capture.req.method': plain('str', (r) => lineParts(r)?.[0] ?? null),
  'capture.req.uri': plain('str', (r) => lineParts(r)?.[1] ?? null),
  'capture.req.ver': plain('str', (r) => lineParts(r)?.[2] ?? null),
};
