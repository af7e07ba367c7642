/** What a compiled format or expression reads that costs something to find out: bits, gathered when it is compiled. */

/** The address that the client connected to (`getsockname`). */
export const NEEDS_LOCAL = 1;
/** The address that the server was connected from. */
export const NEEDS_SOURCE = 2;
/** The number of the request in the process. */
export const NEEDS_NUMBER = 4;
