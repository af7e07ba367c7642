/** Exchanges of `exchange-tables.ts` in which ours differs from HAProxy 2.6, and why; docs/deviations.md lists them too. */
const strict = 'stricter: a NUL, a status that is not 100 to 999';
const chunks = 'stricter about the framing of chunks';

export const excused: ReadonlyMap<string, string> = new Map([
  ['request: NUL in value', strict],
  ['response: NUL in reason', strict],
  ['response: NUL in value', strict],
  ['response: four digits of status', strict],
  ['response: two digits of status', strict],
  ['response: status 099', strict],
  ['chunks: bare LF', chunks],
  ['chunks: NUL in the extension', chunks],
  ['request: chunked in HTTP/1.0', 'refused: nobody agrees on what it means'],
  ['request: CONNECT in chunks', 'what follows belongs to the tunnel: the field is not passed on'],
  ['request: authority without CONNECT', 'stricter: such a target belongs to CONNECT'],
  ['request: CHUNKED', 'always written as chunked'],
  ['request: chunked, trailing comma', 'always written as chunked'],
  ['request: upgrade to HTTP/2', 'taken out: it would lead past the rules of the proxy'],
  ['request: upgrade to one of several', 'taken out: it would lead past the rules of the proxy'],
  ['request: preface of HTTP/2', 'HTTP/2 is not there yet'],
  ['statistics without a name', 'HAProxy logs its 401 as 400 and closes'],
  ['statistics with HEAD and a wrong name', 'HAProxy logs its 401 as 400 and closes'],
  ['expect: refused', 'a client that owes a body is timed out; HAProxy waits for it without end'],
]);
