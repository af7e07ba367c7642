/** Rules about backends: what nobody sends anything to, what cannot answer, names that no backend can have. */
import {
  type HaproxyView,
  isBackSide,
  isFrontSide,
  type ProxyView,
  type SectionView,
  startsWith,
  type ViewLine,
} from './haproxy-view.ts';
import type { HaproxyRule, Report } from './rule.ts';
import { serversOf } from './server-view.ts';

/** A backend's name as it stands in words of other lines: as a whole word or between punctuation. */
function namesIn(text: string): string[] {
  return text.split(/[^A-Za-z0-9_.:-]+/).flatMap((part) => [part, ...part.split(/[,:]/)]);
}

const backendKeywords = ['use_backend', 'default_backend'];

/** Constant text before and behind the `%[...]` of a computed backend name. */
function computedNames(view: HaproxyView): { readonly head: string; readonly tail: string; readonly line: ViewLine }[] {
  return view.proxies.flatMap((proxy) =>
    proxy.lines.flatMap((line) => {
      const name = line.words[1];
      if (line.negated || !name || !backendKeywords.includes(line.words[0]!.text)) return [];
      const first = name.text.search(/%[[{A-Za-z]/);
      if (first < 0) return name.open ? [{ head: '', tail: '', line }] : [];
      const last = name.text.lastIndexOf(']');
      const tail = last < 0 ? '' : name.text.slice(last + 1);
      return [{ head: name.text.slice(0, first), tail: tail.includes('%') ? '' : tail, line }];
    }),
  );
}

/** Lines whose variables are no names of backends; those that choose one are looked at by `computedNames`. */
const nameless =
  /^(?:bind|server|server-template|default-server|log|stats|mode|timeout|option|errorfile|description|user|monitor-uri|http-check|source|balance|cookie|maxconn|nameserver|peer|use_backend|default_backend)$/;

/** The sections that have a backend's name in a word; null when the environment may put it there. */
function mentionsIn(view: HaproxyView): Map<string, Set<SectionView>> | null {
  const mentions = new Map(view.proxies.map((proxy) => [proxy.name, new Set<SectionView>()]));
  for (const section of view.sections) {
    for (const { words } of section.lines) {
      for (const word of words.slice(1)) {
        if (word.open && !nameless.test(words[0]!.text)) return null;
        for (const name of namesIn(word.text)) mentions.get(name)?.add(section);
      }
    }
  }
  return mentions;
}

function checkUnusedBackends(view: HaproxyView, report: Report): void {
  const hasFronts = view.proxies.some((proxy) => isFrontSide(proxy));
  if (!hasFronts) return;
  // An agent's own file may choose the backend.
  if (view.proxies.some((proxy) => proxy.lines.some((line) => startsWith(line, 'filter', 'spoe')))) return;
  const computed = computedNames(view);
  const mentioned = mentionsIn(view);
  if (!mentioned) return;
  for (const proxy of view.proxies) {
    if (proxy.kind !== 'backend' || proxy.disabled) continue;
    const others = [...mentioned.get(proxy.name)!].filter((section) => section !== proxy.section);
    const maybe = computed.some(({ head, tail }) => proxy.name.startsWith(head) && proxy.name.endsWith(tail));
    if (others.length === 0 && !maybe) {
      report(proxy.at, `nothing sends anything to backend '${proxy.name}'`);
    }
  }
}

const answering =
  /^(?:redirect|stats|errorfile|errorfiles|errorloc\w*|http-error|dispatch|transparent|stick-table|monitor-uri|use-server|use_backend|filter)$/;
const answeringActions = /^(?:deny|return|redirect|reject|tarpit|silent-drop|use-service|auth|lua\..*)$/;

/** Can the backend say anything although it has no servers? */
function answersItself(proxy: ProxyView): boolean {
  return proxy.lines.some(({ words, negated }) => {
    const [first, second, third] = words.map((word) => word.text);
    if (negated) return false;
    if (first === 'option') return second === 'transparent' || second === 'http_proxy';
    if (first === 'http-request') return answeringActions.test(second ?? '');
    if (first === 'tcp-request') return second !== 'inspect-delay' && third !== 'accept';
    return answering.test(first!);
  });
}

function checkEmptyBackends(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    if (proxy.kind !== 'backend' || proxy.disabled || proxy.mode === 'other') continue;
    if (serversOf(proxy).length > 0 || answersItself(proxy)) continue;
    const answer = proxy.mode === 'http' ? 'every request gets a 503' : 'every connection is closed';
    report(proxy.at, `backend '${proxy.name}' has no servers: ${answer}`);
  }
}

function checkComputedNames(view: HaproxyView, report: Report): void {
  const names = view.proxies.filter(isBackSide).map((proxy) => proxy.name);
  const seen = new Set<ViewLine>();
  for (const { head, tail, line } of computedNames(view)) {
    if (seen.has(line) || (head === '' && tail === '') || line.words[1]!.open) continue;
    seen.add(line);
    const fits = names.some((name) => name.length > head.length + tail.length - 1 && fitsName(name, head, tail));
    if (fits) continue;
    const shape = `${head}...${tail}`;
    report(line.words[1]!.at, `there is no backend of the form '${shape}', so this never chooses one`);
  }
}

function fitsName(name: string, head: string, tail: string): boolean {
  return name.startsWith(head) && name.endsWith(tail);
}

function checkModes(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    if (!isFrontSide(proxy) || proxy.mode !== 'tcp') continue;
    for (const line of proxy.own) {
      const name = line.words[1]?.text;
      if (line.negated || !backendKeywords.includes(line.words[0]!.text)) continue;
      const target = view.proxies.find((other) => isBackSide(other) && other.name === name);
      if (target?.mode !== 'http') continue;
      const message = `${proxy.kind} '${proxy.name}' is in mode tcp and sends to ${target.kind} '${target.name}' in mode http: rules, logs and headers of the frontend do not see HTTP`;
      report(line.words[1]!.at, message, { notes: [{ at: target.at, message: 'the backend is here' }] });
    }
  }
}

export const haproxyBackendRules: readonly HaproxyRule[] = [
  {
    code: 'unused-backend',
    language: 'haproxy',
    severity: 'warning',
    doc: 'No rule, table or server names the backend.',
    check: checkUnusedBackends,
  },
  {
    code: 'empty-backend',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A backend has no servers and nothing else that could answer.',
    check: checkEmptyBackends,
  },
  {
    code: 'impossible-backend-name',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A computed backend name has constant parts that no backend has.',
    check: checkComputedNames,
  },
  {
    code: 'tcp-front-http-back',
    language: 'haproxy',
    severity: 'notice',
    doc: 'A frontend in mode tcp sends to a backend in mode http.',
    check: checkModes,
  },
];
