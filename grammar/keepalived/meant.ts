/**
 * What a person meant by a word that a keyword does not take: values by other names, and habits of other languages, like
 * units, commas and equals signs. It knows the words only, not what they do, and reports nothing itself.
 */
import type { Diagnostic, Note } from '../diagnostic.ts';
import { foreignCharacter, nearestWord } from '../spelling.ts';

/** Names that other programs and papers give to the same thing. */
const otherNames: Readonly<Record<string, string>> = {
  slave: 'BACKUP',
  standby: 'BACKUP',
  secondary: 'BACKUP',
  primary: 'MASTER',
  active: 'MASTER',
  password: 'PASS',
  plain: 'PASS',
  roundrobin: 'rr',
  'round-robin': 'rr',
  round_robin: 'rr',
  leastconn: 'lc',
  'least-connection': 'lc',
  source: 'sh',
  dsr: 'DR',
  route: 'DR',
  gatewaying: 'DR',
  masquerading: 'NAT',
  masq: 'NAT',
  tunnel: 'TUN',
  ipip: 'TUN',
};

/** One of a keyword's values. */
export function valueMeant(text: string, values: readonly string[]): string | undefined {
  const { [text.toLowerCase()]: same } = otherNames;
  return same !== undefined && values.includes(same) ? same : nearestWord(text, values);
}

/** The word without what does not belong to it. */
export function wordMeant(text: string): string | undefined {
  const [, bare] = /^([^,;]+)[,;]+$/.exec(text) ?? [];
  if (bare !== undefined) return bare;
  const [, seconds] = /^(\d+(?:\.\d+)?)(?:s|sec|secs|seconds)$/.exec(text) ?? [];
  if (seconds !== undefined) return seconds;
  const [, address, port] = /^(\d+(?:\.\d+){3}):(\d+)$/.exec(text) ?? [];
  return address === undefined ? undefined : `${address} ${port}`;
}

const marks: readonly (readonly [RegExp, string])[] = [
  [/[,;]$/, 'A line ends by itself, without a comma or semicolon.'],
  [/^=(?:[^=]|$)/, 'There is no equals sign between a word and its value.'],
  [/^-$/, 'The lines of a block are no list: they begin without a dash.'],
  [/^(?:<{7}|={7}|>{7}|\|{7})$/, 'This is the mark of a merge conflict.'],
  [/^(?:\{[{%#]|[%#]\}|<%)/, 'This is a template, which has to be rendered first.'],
  [/^(?:\/\/|\/\*)/, "A comment begins with '#' or '!'."],
];

/** What a person should know of a word that cannot stand here. */
export function notesOn(text: string): readonly Note[] {
  const mark = marks.find(([pattern]) => pattern.test(text));
  if (mark) return [{ message: mark[1] }];
  const foreign = foreignCharacter(text);
  return foreign ? [{ message: `The word contains ${foreign.name}.` }] : [];
}

/** Both, as parts of a diagnostic. */
export function hintsOn(text: string): Pick<Diagnostic, 'suggestion' | 'notes'> {
  const suggestion = wordMeant(text);
  return { ...(suggestion !== undefined && { suggestion }), notes: notesOn(text) };
}
