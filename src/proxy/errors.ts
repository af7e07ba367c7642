/**
 * The pages that the proxy itself answers with, as ready bytes: HAProxy's own, to the byte, since operators' tools and
 * `errorfile`s compare them.
 *
 * Each comes in three forms. `kept` and `closing` answer a request that was understood. `unread` answers bytes that
 * were no request: HAProxy sends those pages from its templates, with other spelling and order of the headers.
 * Custom `errorfile`s are not here.
 */

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

export interface ErrorPage {
  readonly status: ErrorStatus;
  /** With the connection kept open. */
  readonly kept: Uint8Array;
  /** With `connection: close`. */
  readonly closing: Uint8Array;
  /** For what could not be parsed; the connection closes after it. */
  readonly unread: Uint8Array;
  /** Content at the end of each form; an answer to HEAD leaves it out. */
  readonly bodyLength: number;
}

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

function buildPage(status: ErrorStatus): ErrorPage {
  const [title, sentence] = TEXTS[status];
  const body = `<html><body><h1>${status} ${title}</h1>\n${sentence}\n</body></html>\n`;
  const line = `HTTP/1.1 ${status} ${title}\r\n`;
  const common = `${line}content-length: ${body.length}\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n`;
  const closing = Buffer.from(`${common}connection: close\r\n\r\n${body}`, 'latin1');
  const close = ALWAYS_CLOSING.has(status);
  const unread = `${line}Content-length: ${body.length}\r\nCache-Control: no-cache\r\n${close ? 'Connection: close\r\n' : ''}Content-Type: text/html\r\n\r\n${body}`;
  return {
    status,
    kept: close ? closing : Buffer.from(`${common}\r\n${body}`, 'latin1'),
    closing,
    unread: Buffer.from(unread, 'latin1'),
    bodyLength: body.length,
  };
}

const STATUSES = Object.keys(TEXTS).map((status) => Number(status) as ErrorStatus);

const PAGES = new Map<number, ErrorPage>(STATUSES.map((status) => [status, buildPage(status)]));

export function errorPage(status: ErrorStatus): ErrorPage {
  return PAGES.get(status)!;
}

/** What `monitor-uri` answers. */
export const MONITOR_PAGE: ErrorPage = errorPage(200);

/** A 401 that asks for a user and password of a realm. */
export function buildUnauthorized(realm: string, close: boolean): Uint8Array {
  const page = errorPage(401);
  const bytes = close ? page.closing : page.kept;
  const headEnd = bytes.length - page.bodyLength - 2;
  const quoted = realm.replace(/(["\\])/g, '\\$1');
  return Buffer.concat([
    bytes.subarray(0, headEnd),
    Buffer.from(`www-authenticate: Basic realm="${quoted}"\r\n`, 'utf8'),
    bytes.subarray(headEnd),
  ]);
}
