/** `server` lines with what holds for them: their own words over those of the `default-server` lines before them. */
import { isBackSide, optionOf, type ProxyView, startsWith, type ViewLine, type ViewWord } from './haproxy-view.ts';

/** Server lines start with "server NAME ADDRESS" or "server-template PREFIX COUNT ADDRESS"; their options come behind. */
const SERVER_OPTIONS = 3;

export interface ServerView {
  readonly line: ViewLine;
  readonly name: string;
  /** As written; of a template the count. */
  readonly address: ViewWord;
  readonly isTemplate: boolean;
  /** `default-server` lines before it, the nearest first. */
  readonly defaults: readonly ViewLine[];
}

const known = new WeakMap<ProxyView, readonly ServerView[]>();

/** A proxy's servers, templates included. */
export function serversOf(proxy: ProxyView): readonly ServerView[] {
  const made = known.get(proxy) ?? (isBackSide(proxy) ? readServers(proxy) : []);
  known.set(proxy, made);
  return made;
}

function readServers({ lines }: ProxyView): ServerView[] {
  let defaults: readonly ViewLine[] = [];
  const servers: ServerView[] = [];
  for (const line of lines) {
    if (startsWith(line, 'default-server')) defaults = [line, ...defaults];
    const isTemplate = startsWith(line, 'server-template');
    const [, name, address] = line.words;
    if (!name || !address || !(isTemplate || startsWith(line, 'server'))) continue;
    servers.push({ line, name: name.text, address, isTemplate, defaults });
  }
  return servers;
}

/** Does an option word hold for a server, `no-` forms and defaults included? */
export function serverHas({ line, defaults }: ServerView, name: string): boolean {
  const own = lastState(line, SERVER_OPTIONS, name);
  if (own !== null) return own;
  return defaults.map((one) => lastState(one, 1, name)).find((state) => state !== null) ?? false;
}

function lastState(line: ViewLine, from: number, name: string): boolean | null {
  const found = line.words.findLast(({ text }, index) => index >= from && (text === name || text === `no-${name}`));
  return found ? found.text === name : null;
}

/** The value of an option, from the server's line or its defaults. */
export function serverValue(server: ServerView, name: string): string | null {
  const inherited = () => server.defaults.map((line) => optionOf(line, name, 1)).find((word) => word !== null);
  return (ownValue(server, name) ?? inherited())?.text ?? null;
}

export function ownValue({ line }: ServerView, name: string): ViewWord | null {
  return optionOf(line, name, SERVER_OPTIONS);
}

/** Where to point for an option: its value on the line, else the server's name. */
export function placeOf(server: ServerView, name: string): ViewWord['at'] {
  return (ownValue(server, name) ?? server.line.words[1]!).at;
}
