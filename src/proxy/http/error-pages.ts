/**
 * Error pages of a configuration (manual: `errorfile`, `errorloc302|303`, `errorfiles`): a file's message is written anew
 * as any response is, with names in lower case and a line about the connection of its own.
 *
 * A backend's page counts before the frontend's once a request has come to the backend. Empty files, `/dev/null` among
 * them, stand for no answer at all.
 */
import type { ErrorPageConf } from '../../config/http-options.ts';
import { parseResponseHead, responseHasBody } from '../../wire/http1.ts';
import { CONNECTION, FIELD_STRIDE, Head, METHOD_GET } from '../../wire/http1-head.ts';
import { writeResponseHead } from '../../wire/http1-write.ts';
import { ErrorPage } from './errors.ts';

const NOTHING = new Uint8Array(0);

export type ErrorPages = ReadonlyMap<number, ErrorPage>;

/** Null when there are none. `base`: pages that count for other statuses. */
export function prepareErrorPages(confs: readonly ErrorPageConf[], base: ErrorPages | null): ErrorPages | null {
  if (confs.length === 0) return base;
  const own = confs.map((conf) => [conf.status, preparePage(conf)] as const);
  return new Map([...(base ?? []), ...own]);
}

function preparePage(conf: ErrorPageConf): ErrorPage {
  if (conf.kind === 'location') return redirectPage(conf.redirect, conf.location);
  const text = conf.text ?? '';
  return text === '' ? new ErrorPage(conf.status, 11, NOTHING, NOTHING, true, true) : filePage(text);
}

function redirectPage(status: 302 | 303, location: string): ErrorPage {
  const title = status === 302 ? 'Found' : 'See Other';
  const head = `HTTP/1.1 ${status} ${title}\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: ${location}\r\n`;
  return new ErrorPage(status, 11, Buffer.from(head, 'utf8'), NOTHING, false);
}

/** The text was judged when the configuration was read. */
function filePage(text: string): ErrorPage {
  const bytes = Buffer.from(text, 'latin1');
  const head = new Head();
  const length = parseResponseHead(bytes, 0, bytes.length, head);
  const out = new Uint8Array(2 * bytes.length + 64);
  const end = length <= 0 ? -1 : writeResponseHead(bytes, head, out, 0, out.length, NOTHING);
  if (end < 0) return new ErrorPage(head.status, 11, NOTHING, NOTHING, true, true);
  const open = head.contentLength < 0 && responseHasBody(head, METHOD_GET);
  const message = out.subarray(0, end - 2);
  return new ErrorPage(head.status, head.version, message, bytes.subarray(length), open, false, connectionBytes(head));
}

/** Names and values of the lines about the connection. */
function connectionBytes({ count, ids, fields }: Head): number {
  let length = 0;
  for (let i = 0; i < count; i++) {
    if (ids[i] !== CONNECTION) continue;
    const at = FIELD_STRIDE * i;
    length += fields[at + 1]! - fields[at]! + fields[at + 3]! - fields[at + 2]!;
  }
  return length;
}
