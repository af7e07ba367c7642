/**
 * Requests whose end, or whose fields, two readers may see in different places; each carries a second request,
 * `/smuggled`, where one of the readers would find it. RFC 9112, sections 2.2, 5, 6, 7 and 11.2.
 */
export interface SmugglingCase {
  readonly name: string;
  /** What a client sends at once; a well-made `GET /after` follows. */
  readonly raw: string;
  /** Targets that a server may and must be asked for. None: the request is refused, and nothing of it reaches a server. */
  readonly targets: readonly string[];
}

export const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (fields: string, body: string): string => `POST /a HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
const emptyThenHidden = `0\r\n\r\n${hidden}`;

const refused: readonly string[] = [];
/** The request alone: the connection closes behind it, whatever follows. */
const alone: readonly string[] = ['/a'];
const both: readonly string[] = ['/a', '/after'];

/** Lines beside a Content-Length that covers the hidden request: as a transfer coding they would leave it standing. */
const codings: readonly (readonly [string, readonly string[]])[] = [
  ['Transfer-Encoding: chunked', alone],
  ['transfer-encoding: CHUNKED', alone],
  ['Transfer-Encoding:chunked', alone],
  ['Transfer-Encoding:\tchunked\t', alone],
  ['Transfer-Encoding: chunked,', alone],
  ['Transfer-Encoding: ,chunked', alone],
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', refused],
  ['Transfer-Encoding: chunked, chunked', refused],
  ['Transfer-Encoding: identity, chunked', refused],
  ['Transfer-Encoding: chunked, identity', refused],
  ['Transfer-Encoding: identity', refused],
  ['Transfer-Encoding: gzip, chunked', refused],
  ['Transfer-Encoding: chunked, gzip', refused],
  ['Transfer-Encoding: chunked;q=1', refused],
  ['Transfer-Encoding: xchunked', refused],
  ['Transfer-Encoding: chunk', refused],
  ['Transfer-Encoding: "chunked"', refused],
  ["Transfer-Encoding: 'chunked'", refused],
  ['Transfer-Encoding: \x0bchunked', refused],
  ['Transfer-Encoding: chunked\x0c', refused],
  ['Transfer-Encoding: chunked\0', refused],
  ['Transfer-Encoding: chu nked', refused],
  ['Transfer-Encoding:', refused],
  ['Transfer-Encoding: x\r\nTransfer-Encoding: chunked', refused],
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding: x', refused],
  ['Transfer-Encoding : chunked', refused],
  ['Transfer-Encoding\t: chunked', refused],
  ['Transfer\x0bEncoding: chunked', refused],
  ['Transfer-Encoding\0: chunked', refused],
  ['X: y\rTransfer-Encoding: chunked', refused],
  ['X: y\r\rTransfer-Encoding: chunked', refused],
  ['Transfer-Encoding:\r\n chunked', alone],
  ['Transfer-Encoding: chu\r\n nked', refused],
  ['X: y\nTransfer-Encoding: chunked', alone],
  ['Transfer_Encoding: chunked', both],
  ['TransferEncoding: chunked', both],
  ['X-Transfer-Encoding: chunked', both],
  ['Content-Encoding: chunked', both],
  ['Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked', alone],
];

/** Lengths: the body is what `5` makes of it, or the request is refused. */
const lengths: readonly (readonly [string, readonly string[]])[] = [
  ['Content-Length: 5\r\nContent-Length: 5', both],
  ['Content-Length: 5, 5', both],
  ['Content-Length: 5\r\nContent-Length: 40', refused],
  ['Content-Length: 40\r\nContent-Length: 5', refused],
  ['Content-Length: 5, 40', refused],
  ['Content-Length: +5', refused],
  ['Content-Length: -5', refused],
  ['Content-Length: 0x5', refused],
  ['Content-Length: 5x', refused],
  ['Content-Length: 5 40', refused],
  ['Content-Length: 5;40', refused],
  ['Content-Length: 5.0', refused],
  ['Content-Length: 1e1', refused],
  ['Content-Length: ,5', refused],
  ['Content-Length: 5,', refused],
  ['Content-Length:', refused],
  ['Content-Length: "5"', refused],
  ['Content-Length: \x0b5', refused],
  ['Content-Length: 5\0', refused],
  ['Content-Length: 18446744073709551621', refused],
  ['Content-Length : 5', refused],
  ['Content-Length\t: 5', refused],
  ['X: y\rContent-Length: 5', refused],
  ['Content-Length: 5\r\n 0', refused],
  ['Content-Length: 005', both],
  ['Content-Length:\t5 \t', both],
  ['Content_Length: 40\r\nContent-Length: 5', both],
  ['Connection: Content-Length\r\nContent-Length: 5', both],
];

/** Bodies of a chunked request. */
const chunked: readonly (readonly [string, string, readonly string[]])[] = [
  ['plain', '5\r\nhello\r\n0\r\n\r\n', both],
  ['an extension', '5;x=y\r\nhello\r\n0\r\n\r\n', both],
  ['an extension in quotes', `5;x="0"\r\nhello\r\n0\r\n\r\n`, both],
  ['leading zeros', '0005\r\nhello\r\n000\r\n\r\n', both],
  ['blanks behind the size', '5 \t\r\nhello\r\n0\r\n\r\n', both],
  ['trailers', '5\r\nhello\r\n0\r\nX: y\r\n\r\n', both],
  ['trailers that look like framing', '0\r\nContent-Length: 40\r\nTransfer-Encoding: x\r\n\r\n', both],
  ['a sign', `+5\r\nhello\r\n${emptyThenHidden}`, refused],
  ['a prefix', `0x5\r\nhello\r\n${emptyThenHidden}`, refused],
  ['a negative size', `-5\r\nhello\r\n${emptyThenHidden}`, refused],
  ['a blank before the size', ` 5\r\nhello\r\n${emptyThenHidden}`, refused],
  ['no size', `\r\nhello\r\n${emptyThenHidden}`, refused],
  ['a size beyond all bounds', `10000000000000005\r\nhello\r\n${emptyThenHidden}`, refused],
  ['bare LF behind the size', `5\nhello\r\n${emptyThenHidden}`, refused],
  ['bare CR behind the size', `5\rhello\r\n${emptyThenHidden}`, refused],
  ['bare LF behind the data', `5\r\nhello\n${emptyThenHidden}`, refused],
  ['data longer than its size', `4\r\nhello\r\n${emptyThenHidden}`, refused],
  ['LF in an extension', `5;x=\ny\r\nhello\r\n${emptyThenHidden}`, refused],
  ['CR in an extension', `5;x=\ry\r\nhello\r\n${emptyThenHidden}`, refused],
  ['NUL in an extension', `5;\0\r\nhello\r\n${emptyThenHidden}`, refused],
  ['a line end in quotes', `5;x="\r\n0\r\n\r\n${hidden}"\r\nhello\r\n0\r\n\r\n`, refused],
  ['a blank in a trailer name', `0\r\nX : y\r\n\r\n${hidden}`, refused],
  ['a folded trailer', `0\r\nX: y\r\n z\r\n\r\n${hidden}`, refused],
  ['bare LF in trailers', `0\r\nX: y\n\n${hidden}`, refused],
  ['bare LF at the end', `0\r\n\n${hidden}`, refused],
];

/** Heads that two readers take apart in different ways. */
const heads: readonly (readonly [string, string, readonly string[]])[] = [
  ['bare CR as a line end', `GET /a HTTP/1.1\rHost: a\r\r${hidden}`, refused],
  ['bare LF as a line end', 'GET /a HTTP/1.1\nHost: a\n\n', both],
  ['NUL in a name', `GET /a HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n`, refused],
  ['NUL in a value', `GET /a HTTP/1.1\r\nHost: a\r\nX: \0y\r\n\r\n`, refused],
  ['a blank before the colon', `GET /a HTTP/1.1\r\nHost : a\r\n\r\n`, refused],
  ['a line without a colon', `GET /a HTTP/1.1\r\nHost: a\r\nContent-Length 5\r\n\r\n`, refused],
  ['a fold before all fields', `GET /a HTTP/1.1\r\n Content-Length: 40\r\nHost: a\r\n\r\n`, refused],
  ['a bare CR in a value', `GET /a HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 40\r\n\r\n`, refused],
  ['a second request line', `GET /a HTTP/1.1\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`, refused],
  ['a request within the target', `GET /a HTTP/1.1\r\nHost: a\r\n\r\n`.replace('/a', '/a\rGET\r/smuggled'), refused],
  ['a coding folded into a length', post('Content-Length: 5\r\n Transfer-Encoding: chunked\r\n', hidden), refused],
  ['a coding folded into a value', post('X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', 'hello'), both],
  ['two hosts', `GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, refused],
  ['a host that is not that of the target', `GET http://b/a HTTP/1.1\r\nHost: a\r\n\r\n`, refused],
  ['HTTP/0.9', `GET /a\r\n${hidden}`, refused],
  ['chunked in HTTP/1.0', `POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${emptyThenHidden}`, refused],
  ['a blank before the method', ` GET /a HTTP/1.1\r\nHost: a\r\n\r\n`, refused],
  ['a body of GET', `GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`, both],
  ['a body of HEAD', `HEAD /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`, both],
  ['a body of DELETE', `DELETE /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`, both],
  [
    'an upgrade that no server takes',
    `GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`,
    both,
  ],
  [
    'an upgrade with a body',
    `POST /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    both,
  ],
  [
    'an upgrade to HTTP/2',
    `GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    both,
  ],
  [
    'a websocket without a key',
    `GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${hidden}`,
    refused,
  ],
  ['the preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`, refused],
  [
    'an expectation',
    `POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    both,
  ],
  ['a hidden Host', `GET /a HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n`, both],
];

export const smugglingCases: readonly SmugglingCase[] = [
  ...codings.map(([line, targets]) => ({
    name: `length and ${JSON.stringify(line)}`,
    raw: post(`Content-Length: ${emptyThenHidden.length}\r\n${line}\r\n`, emptyThenHidden),
    targets,
  })),
  ...codings
    .filter(([, targets]) => targets !== both)
    .map(([line, targets]) => ({
      name: `${JSON.stringify(line)} and length`,
      raw: post(`${line}\r\nContent-Length: ${emptyThenHidden.length}\r\n`, emptyThenHidden),
      targets,
    })),
  ...lengths.map(([line, targets]) => ({
    name: JSON.stringify(line),
    raw: post(`${line}\r\n`, targets === both ? 'hello' : `hello${hidden}`),
    targets,
  })),
  ...chunked.map(([name, body, targets]) => ({
    name: `chunks: ${name}`,
    raw: post('Transfer-Encoding: chunked\r\n', body),
    targets,
  })),
  ...heads.map(([name, raw, targets]) => ({ name: `head: ${name}`, raw, targets })),
];
