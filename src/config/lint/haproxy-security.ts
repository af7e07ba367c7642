/** Rules about what strangers could make use of: passwords in clear, open statistics, weak TLS. */
import { boundAddresses } from './bound-address.ts';
import {
  type HaproxyView,
  hasWord,
  isFrontSide,
  linesNamed,
  type ProxyView,
  startsWith,
  type ViewLine,
  type ViewWord,
} from './haproxy-view.ts';
import { isPrivate, parseIp } from './ip.ts';
import type { HaproxyRule, Report } from './rule.ts';

function checkPasswords(view: HaproxyView, report: Report): void {
  for (const { kind, lines } of view.sections) {
    for (const line of lines) {
      if (line.negated) continue;
      if (kind === 'userlist' && startsWith(line, 'user')) reportUser(line, report);
      const secret = startsWith(line, 'stats', 'auth') ? line.words[2] : undefined;
      if (!secret || secret.open) continue;
      report(secret.at, 'the password of the statistics page stands here in clear text', {
        suggestion: "a userlist with hashed passwords and 'stats http-request auth'",
      });
    }
  }
}

function reportUser(line: ViewLine, report: Report): void {
  const at = line.words.findIndex(({ text }) => text === 'insecure-password');
  const secret = at < 0 ? undefined : line.words[at + 1];
  if (!secret || secret.open) return;
  report(line.words[at]!.at, `the password of user '${line.words[1]!.text}' stands here in clear text`, {
    suggestion: "'password' with a hash as mkpasswd gives it",
  });
}

function checkOpenStatistics(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    if (!isFrontSide(proxy) || proxy.mode !== 'http' || proxy.disabled) continue;
    const page = proxy.own.find((line) => startsWith(line, 'stats', 'enable') || startsWith(line, 'stats', 'uri'));
    if (!page || isGuarded(proxy)) continue;
    const open = boundAddresses(proxy).find(({ host }) => isPublic(host));
    if (!open) continue;
    const where = open.host === '' || parseIp(open.host)?.value === 0n ? 'every address' : open.host;
    report(
      page.at,
      `the statistics page is open to everybody who reaches ${proxy.kind} '${proxy.name}' (${where}, port ${open.firstPort})`,
      {
        notes: [{ at: open.at, message: 'it listens here' }],
      },
    );
  }
}

/** Anything that may keep somebody out counts: what exactly it lets through is not for us to say. */
function isGuarded({ lines }: ProxyView): boolean {
  return lines.some((line) => {
    const [first, second, third] = line.words.map((word) => word.text);
    if (line.negated) return false;
    if (first === 'stats') return second === 'auth' || second === 'http-request';
    if (first === 'http-request') return /^(?:auth|deny|reject|tarpit|silent-drop|allow)$/.test(second ?? '');
    if (first === 'tcp-request') return third === 'reject' || second === 'reject' || third === 'silent-drop';
    if (first === 'bind') return hasWord(line, 'verify', 2) && hasWord(line, 'required', 2);
    return first === 'block';
  });
}

function isPublic(host: string): boolean {
  const address = parseIp(host);
  if (host === '' || host === '*') return true;
  return address !== null && (address.value === 0n || !isPrivate(address));
}

const weakVersions = /^(?:SSLv3|TLSv1\.0|TLSv1\.1)$/;
const weakForces = /^force-(?:sslv3|tlsv10|tlsv11)$/;

/** Places of TLS settings: whole lines of `global`, options of `bind` and `server` lines. */
function* tlsLines(view: HaproxyView): Generator<ViewLine> {
  for (const line of view.global) if (line.words[0]!.text.startsWith('ssl-default-')) yield line;
  for (const { kind, lines } of view.sections) {
    if (kind === 'global') continue;
    for (const line of lines) {
      if (!line.negated && /^(?:bind|server|default-server|server-template)$/.test(line.words[0]!.text)) yield line;
    }
  }
}

function checkVersions(view: HaproxyView, report: Report): void {
  for (const { words } of tlsLines(view)) {
    for (const [index, word] of words.entries()) {
      const value = words[index + 1];
      const isMinimum = word.text === 'ssl-min-ver' && value && weakVersions.test(value.text);
      const isMaximum = word.text === 'ssl-max-ver' && value && weakVersions.test(value.text);
      const name = isMinimum || isMaximum ? value.text : weakForces.test(word.text) ? word.text.slice(6) : null;
      if (name === null) continue;
      const what = isMinimum ? `${name} is allowed here` : `nothing newer than ${name} is allowed here`;
      report((isMinimum || isMaximum ? value : word).at, `${what}; it has been broken for years (RFC 8996)`, {
        suggestion: 'ssl-min-ver TLSv1.2',
      });
    }
  }
}

const cipherKeywords = new Set(['ciphers', 'ssl-default-bind-ciphers', 'ssl-default-server-ciphers']);
const weakCipher =
  /(?:^|[-+])(?:RC4|DES|3DES|RC2|MD5|e?NULL|aNULL|EXP(?:ORT)?\d*|LOW|ADH|AECDH|SEED|IDEA)(?:$|[-+])|^DES-CBC/i;

function checkCiphers(view: HaproxyView, report: Report): void {
  for (const { words } of tlsLines(view)) {
    for (const [index, word] of words.entries()) {
      const list = cipherKeywords.has(word.text) ? words[index + 1] : undefined;
      const weak = list && !list.open ? weakIn(list) : [];
      if (weak.length > 0) report(list!.at, `weak ciphers are allowed here: ${weak.join(', ')}`);
    }
  }
}

/** Names that a later `!NAME` takes out again do not count. */
function weakIn({ text }: ViewWord): string[] {
  const items = text.split(/[:, ]+/).filter((item) => item !== '');
  const banned = new Set(items.filter((item) => item.startsWith('!')).map((item) => item.slice(1).toUpperCase()));
  return items.filter((item) => {
    if (/^[!+@-]/.test(item) || !weakCipher.test(item)) return false;
    return (
      !item
        .toUpperCase()
        .split(/[-+]/)
        .some((part) => banned.has(part)) && !banned.has(item.toUpperCase())
    );
  });
}

/** A server that is spoken to by TLS and asked for no name: whoever answers is believed. */
function checkUnverified(view: HaproxyView, report: Report): void {
  for (const proxy of view.proxies) {
    for (const line of linesNamed(proxy.own, 'server')) {
      const at = line.words.findIndex(({ text }, index) => index > 2 && text === 'verify');
      const value = at < 0 ? undefined : line.words[at + 1];
      const address = line.words[2] && parseIp(line.words[2].text.replace(/:\d+$/, ''));
      if (value?.text !== 'none' || !hasWord(line, 'ssl', 3) || !address || isPrivate(address)) continue;
      report(value.at, `server '${line.words[1]!.text}' is at a public address and anybody may pose as it`);
    }
  }
}

export const haproxySecurityRules: readonly HaproxyRule[] = [
  {
    code: 'plain-password',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A password in clear text.',
    check: checkPasswords,
  },
  {
    code: 'open-statistics',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A statistics page on a public address without authentication.',
    check: checkOpenStatistics,
  },
  {
    code: 'weak-tls-version',
    language: 'haproxy',
    severity: 'warning',
    doc: 'TLS below 1.2 is allowed or forced.',
    check: checkVersions,
  },
  {
    code: 'weak-cipher',
    language: 'haproxy',
    severity: 'warning',
    doc: 'A cipher list with broken ciphers.',
    check: checkCiphers,
  },
  {
    code: 'server-not-verified',
    language: 'haproxy',
    severity: 'warning',
    doc: "'verify none' for a server at a public address.",
    check: checkUnverified,
  },
];
