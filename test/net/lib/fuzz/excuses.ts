/**
 * What may differ in a random exchange, as docs/deviations.md says it: told from the play, or from what both programs did.
 * Everything else is a finding.
 */
import type { Play } from './play.ts';

interface Excuse {
  readonly why: string;
  readonly holds: (texts: Texts) => boolean;
}

interface Texts {
  readonly play: Play;
  /** All that clients say, and all that the origin says. */
  readonly said: string;
  readonly answered: string;
  readonly theirs: string;
  readonly ours: string;
}

const excuses: readonly Excuse[] = [
  {
    why: 'chunked in HTTP/1.0 is refused',
    holds: ({ said }) => /transfer-encoding/i.test(said) && /HTTP\/(?:1\.0|0\.\d)/.test(said),
  },
  {
    why: 'stricter about the framing of chunks: bare LF',
    holds: ({ said, answered }) => [said, answered].some(hasBareLf),
  },
  {
    why: 'stricter: a target that is neither a path nor absolute belongs to CONNECT',
    holds: ({ said, ours }) => /^\S+[ \t]+(?:[^/* \t]+)[ \t]/m.test(said) && / 400 /.test(ours),
  },
  {
    why: 'versions below 1.0 are passed on as HTTP/1.0',
    holds: ({ said, answered }) => /HTTP\/0\.\d/.test(said + answered),
  },
  {
    why: 'a request sent ahead is answered behind the end of its client',
    holds: ({ play, theirs, ours }) => play.client.includes('fin!') && isStart(clientOf(theirs), clientOf(ours)),
  },
  {
    why: '`Connection: upgrade` without a protocol asks for nothing: the server is told to close',
    holds: ({ said, theirs, ours }) =>
      /connection:.*upgrade/i.test(said) && withoutClose(theirs) === withoutClose(ours),
  },
  {
    why: 'HAProxy garbles a list in Connection when its head comes in pieces',
    holds: ({ play, said }) =>
      /connection:[^\n]*(?:close|keep-alive),/i.test(said) &&
      play.client.filter((step) => typeof step === 'string').length > 1,
  },
  {
    why: 'HAProxy misjudges the end of a response that comes with an interim one',
    holds: ({ answered }) => /HTTP\/1\.\d 1\d\d/.test(answered),
  },
  {
    why: 'a request sent ahead gets a new connection when that of the first one has ended',
    holds: ({ play, theirs, ours }) =>
      play.origin.some(({ end }) => end !== undefined) && countLines(theirs) < countLines(ours),
  },
  {
    why: 'how much of a body goes on before it breaks hangs on how it was read',
    holds: ({ theirs, ours }) => / and cut off/.test(ours) && blurCut(theirs) === blurCut(ours),
  },
  {
    why: 'a request that is sent again after a status in chunks goes over a new connection',
    holds: ({ theirs, ours }) => ungroup(theirs) === ungroup(ours),
  },
  {
    why: 'timeouts of both sides strike at the same time',
    holds: ({ theirs, ours }) => blurTimeouts(theirs) === blurTimeouts(ours),
  },
  {
    why: 'who is where when a second client comes is a matter of moments',
    holds: ({ play, theirs, ours }) => play.rival !== undefined && blurCounts(theirs) === blurCounts(ours),
  },
  {
    why: 'Content-Length of a 204 is dropped before it is captured',
    holds: ({ answered, theirs, ours }) =>
      /HTTP\/\d\.\d 204/.test(answered) &&
      /content-length/i.test(answered) &&
      blurCaptures(theirs) === blurCaptures(ours),
  },
  {
    why: 'when a reset is noticed hangs on what else goes on',
    holds: ({ play }) => play.client.includes('reset!'),
  },
  {
    why: 'a CONNECT that announces a body and gets no tunnel ends the connection',
    holds: ({ said }) => /^CONNECT [\s\S]*?(?:content-length: *[1-9]|transfer-encoding)/im.test(said),
  },
  {
    why: 'how far a request came whose client ends at once hangs on when that is noticed',
    holds: ({ play, theirs, ours }) => endsAtOnce(play) && (hasAborted(theirs) || hasAborted(ours)),
  },
  {
    why: 'whether all of a body was there when no server was is a matter of moments',
    holds: ({ theirs, ours }) => / 503 /.test(ours) && withoutClose(theirs) === withoutClose(ours),
  },
  {
    why: 'a bad version is noticed before the head is complete',
    holds: ({ theirs, ours }) =>
      / 408 Request/.test(theirs) && / 400 Bad/.test(ours) && /BADREQ|\d\/N 0 PR /.test(ours),
  },
  {
    why: 'stricter: a status that is not 100 to 999',
    holds: ({ answered, ours }) => /HTTP\/\d\.\d\s+(?![1-9]\d\d\s)/.test(answered) && /502 Bad/.test(ours),
  },
];

/** Somewhere in a chunked body a line ends with LF alone. */
function hasBareLf(text: string): boolean {
  for (const { index } of text.matchAll(/transfer-encoding:[\s\S]*?\n\r?\n/gi)) {
    let at = text.indexOf('\n', text.indexOf('\n\r\n', index) + 1) + 1;
    for (let line = lineAt(text, at); line !== null; line = lineAt(text, at)) {
      if (line.isBare) return true;
      const size = Number.parseInt(line.text, 16);
      if (!(size >= 0)) break;
      at = line.end + size;
      if (size === 0) continue;
      const end = lineAt(text, at);
      if (end?.isBare) return true;
      if (end === null || end.text !== '') break;
      at = end.end;
    }
  }
  return false;
}

function lineAt(text: string, at: number): { text: string; isBare: boolean; end: number } | null {
  const lf = text.indexOf('\n', at);
  if (lf < 0) return null;
  const isBare = lf === at || text[lf - 1] !== '\r';
  return { text: text.slice(at, isBare ? lf : lf - 1), isBare, end: lf + 1 };
}

/** Its client ends while it still waits. */
function endsAtOnce({ client }: Play): boolean {
  const at = client.indexOf('fin!');
  return at >= 0 && typeof client[at - 1] !== 'object';
}

function hasAborted(text: string): boolean {
  return / C[RCQHDL](?:\S\S)? |ts?c?=C[RCQHDL]/.test(text);
}

/** Without numbers of connections, retries and places in queues. */
function blurCounts(text: string): string {
  return text.replace(/(?:\/\d+){4} \d+\/\d+/g, ' COUNTS').replace(/\b[sb]q=\d+/g, 'q=.');
}

function blurCaptures(text: string): string {
  return text.replace(/\bhsl?=[^|]*/g, 'hs=.').replace(/ \{[^}]*\}/g, '');
}

function blurCut(text: string): string {
  return text
    .replace(/<[^\n]*> and cut off/g, 'CUT')
    .replace(/\b[BU]=\d+/g, '')
    .replace(/ \d+ (?=- - |SD|PD)/g, ' ');
}

/** Without the connections on which requests came. */
function ungroup(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => {
      if (!line.startsWith('origin: ')) return [line];
      return line.replace(/^origin: "|"?(?: and ended)?$/g, '').split(/(?<=\\r\\n\\r\\n)(?=[A-Za-z-]+ \S+ HTTP)/);
    })
    .sort()
    .join('\n');
}

function countLines(text: string): number {
  return text.match(/^log: /gm)?.length ?? 0;
}

/** Whose timeout it was. */
function blurTimeouts(text: string): string {
  return text.replace(/([ =])[cs]D/g, '$1.D');
}

function withoutClose(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      /^(?:origin|client)/.test(line) ? line.replace(/\\r\\nconnection: (?:close|keep-alive)/g, '') : line,
    )
    .join('\n');
}

/** What the client has seen. */
function clientOf(text: string): string {
  return /^client: "?(.*?)"?(?: and ended)?$/m.exec(text)?.[1] ?? '';
}

/** Some whole answers, and then no more. */
function isStart(start: string, text: string): boolean {
  return start.length < text.length && text.startsWith(start) && /^(?:$|HTTP)/.test(text.slice(start.length));
}

/** Why this difference is none, or null. */
export function findExcuse(play: Play, theirs: string, ours: string): string | null {
  const said = [play.rival ?? '', ...play.client.filter((step) => typeof step === 'string')].join('');
  const answered = play.origin.flatMap(({ says }) => says.filter((one) => typeof one === 'string')).join('');
  const texts = { play, said, answered, theirs, ours };
  return excuses.find(({ holds }) => holds(texts))?.why ?? null;
}
