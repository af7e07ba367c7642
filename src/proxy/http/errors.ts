/**
 * The pages that the proxy itself answers with: HAProxy's own, to the byte, since operators' tools and `errorfile`s
 * compare them, and those of a configuration (error-pages.ts).
 *
 * A page is a head without its end and a body. What closes the head depends on the request that it answers
 * (`writePage`): the line about the connection. `unread` answers bytes that were no request: HAProxy sends those from its
 * own templates whatever is configured, with other spelling and order of the headers.
 */
import { clientConnectionLine } from './http-rewrite.ts';

export type ErrorStatus =
  | 200
  | 400
  | 401
  | 403
  | 404
  | 405
  | 407
  | 408
  | 410
  | 413
  | 421
  | 422
  | 425
  | 429
  | 500
  | 501
  | 502
  | 503
  | 504;

export class ErrorPage {
  /** That of its own status line. */
  readonly status: number;
  /** 10 or 11. */
  readonly version: number;
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  /** The end of the connection is the end of the page. */
  readonly closes: boolean;
  /** Nothing is sent, the connection just closes. */
  readonly silent: boolean;
  /** Bytes of a line about the connection in its source: it is not sent, and counts all the same. */
  readonly counted: number;
  private readonly forms: (Uint8Array | undefined)[] = [];

  constructor(
    status: number,
    version: number,
    head: Uint8Array,
    body: Uint8Array,
    closes: boolean,
    silent = false,
    counted = 0,
  ) {
    this.status = status;
    this.version = version;
    this.head = head;
    this.body = body;
    this.closes = closes;
    this.silent = silent;
    this.counted = counted;
  }

  /** The whole message; made once for every kind of request. */
  write(requestVersion: number, keep: boolean, bodyless: boolean): Uint8Array {
    const form = (requestVersion < 11 ? 4 : 0) + (keep ? 2 : 0) + (bodyless ? 1 : 0);
    this.forms[form] ??= Buffer.concat([
      this.head,
      clientConnectionLine(requestVersion, this.version, keep && !this.closes),
      CRLF,
      bodyless ? NOTHING : this.body,
    ]);
    return this.forms[form];
  }
}

const CRLF = Buffer.from('\r\n', 'latin1');
const NOTHING = new Uint8Array(0);

/** Title and sentence. 407 is titled like 401 and 501 begins with a dot in HAProxy 2.6. */
const TEXTS: Readonly<Record<ErrorStatus, readonly [string, string]>> = {
  200: ['OK', 'Service ready.'],
  400: ['Bad request', 'Your browser sent an invalid request.'],
  401: ['Unauthorized', 'You need a valid user and password to access this content.'],
  403: ['Forbidden', 'Request forbidden by administrative rules.'],
  404: ['Not Found', 'The resource could not be found.'],
  405: ['Method Not Allowed', 'A request was made of a resource using a request method not supported by that resource'],
  407: ['Unauthorized', 'You need a valid user and password to access this content.'],
  408: ['Request Time-out', "Your browser didn't send a complete request in time."],
  410: ['Gone', 'The resource is no longer available and will not be available again.'],
  413: ['Payload Too Large', 'The request entity exceeds the maximum allowed.'],
  421: ['Misdirected Request', 'Request sent to a non-authoritative server.'],
  422: ['Unprocessable Content', 'The server cannot process the contained instructions.'],
  425: ['Too Early', 'Your browser sent early data.'],
  429: ['Too Many Requests', 'You have sent too many requests in a given amount of time.'],
  500: ['Internal Server Error', 'An internal server error occurred.'],
  501: ['Not Implemented', '.The server does not support the functionality required to fulfill the request.'],
  502: ['Bad Gateway', 'The server returned an invalid or incomplete response.'],
  503: ['Service Unavailable', 'No server is available to handle this request.'],
  504: ['Gateway Time-out', "The server didn't respond in time."],
};

/** HAProxy's templates of these announce the close themselves, so every form of them does. */
const ALWAYS_CLOSING = new Set<ErrorStatus>([400, 408]);

function bodyOf(status: ErrorStatus): string {
  const [title, sentence] = TEXTS[status];
  return `<html><body><h1>${status} ${title}</h1>\n${sentence}\n</body></html>\n`;
}

function buildPage(status: ErrorStatus): ErrorPage {
  const [title] = TEXTS[status];
  const body = bodyOf(status);
  const head = `HTTP/1.1 ${status} ${title}\r\ncontent-length: ${body.length}\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n`;
  return new ErrorPage(
    status,
    11,
    Buffer.from(head, 'latin1'),
    Buffer.from(body, 'latin1'),
    ALWAYS_CLOSING.has(status),
    false,
    ALWAYS_CLOSING.has(status) ? 'connectionclose'.length : 0,
  );
}

function buildUnread(status: ErrorStatus): Uint8Array {
  const [title] = TEXTS[status];
  const body = bodyOf(status);
  const close = ALWAYS_CLOSING.has(status) ? 'Connection: close\r\n' : '';
  return Buffer.from(
    `HTTP/1.1 ${status} ${title}\r\nContent-length: ${body.length}\r\nCache-Control: no-cache\r\n${close}Content-Type: text/html\r\n\r\n${body}`,
    'latin1',
  );
}

const STATUSES = Object.keys(TEXTS).map((status) => Number(status) as ErrorStatus);

const PAGES = new Map<number, ErrorPage>(STATUSES.map((status) => [status, buildPage(status)]));
const UNREAD = new Map<number, Uint8Array>(STATUSES.map((status) => [status, buildUnread(status)]));

/** HAProxy's own page. */
export function errorPage(status: ErrorStatus): ErrorPage {
  return PAGES.get(status)!;
}

/** The answer to what could not be read as a request; the connection closes after it. */
export function unreadPage(status: ErrorStatus): Uint8Array {
  return UNREAD.get(status)!;
}

/** A 401 that asks for a user and password of a realm. */
export function buildUnauthorized(realm: string, close: boolean): Uint8Array {
  const page = errorPage(401);
  const bytes = page.write(11, !close, false);
  const headEnd = bytes.length - page.body.length - 2;
  const quoted = realm.replace(/(["\\])/g, '\\$1');
  return Buffer.concat([
    bytes.subarray(0, headEnd),
    Buffer.from(`www-authenticate: Basic realm="${quoted}"\r\n`, 'utf8'),
    bytes.subarray(headEnd),
  ]);
}
