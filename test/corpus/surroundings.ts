/**
 * Runs Debian's `haproxy -c` on a text with what it names in place: files, certificates, users and host names that do not
 * exist on this machine are replaced, line by line as haproxy complains of them, by ones that do.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Verdict {
  readonly accepted: boolean;
  /** Alerts about lines, with the line from 1; 0 when an alert names none. */
  readonly alerts: readonly { readonly line: number; readonly message: string }[];
  readonly text: string;
}

const MOST_ROUNDS = 40;

export function hasHaproxy(): boolean {
  return spawnSync('haproxy', ['-v']).status === 0;
}

export class Surroundings {
  private readonly folder: string;
  private readonly certificate: string;
  private readonly page: string;
  private readonly empty: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.certificate = join(folder, 'certificate.pem');
    this.page = join(folder, 'page.http');
    this.empty = join(folder, 'empty');
    const key = join(folder, 'key.pem');
    const chain = join(folder, 'chain.pem');
    const request = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=test',
      '-keyout',
      key,
      '-out',
      chain,
    ];
    spawnSync('openssl', request);
    const bundle = spawnSync('cat', [key, chain], { encoding: 'utf8' }).stdout;
    writeFileSync(this.certificate, bundle);
    writeFileSync(this.page, 'HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
    writeFileSync(this.empty, '');
  }

  /** haproxy's verdict on a text; `name` is for the messages. */
  check(name: string, text: string): Verdict {
    let current = text;
    for (let round = 0; ; round++) {
      const verdict = this.run(name, current);
      const next = round < MOST_ROUNDS ? this.provide(current, verdict) : current;
      if (next === current) return verdict;
      current = next;
    }
  }

  private run(name: string, text: string): Verdict {
    const file = join(this.folder, name);
    writeFileSync(file, Buffer.from(text, 'latin1'));
    const { status, stdout, stderr } = spawnSync('haproxy', ['-c', '-f', file], {
      encoding: 'latin1',
      timeout: 20_000,
    });
    const alerts = `${stdout}${stderr}`.split('\n').flatMap((line) => {
      const message = /^\[ALERT\]\s+\(\d+\) : (?:config : )?(.*)$/.exec(line)?.[1];
      if (!message || /Error\(s\) found|Fatal errors|Failed to initialize server/.test(message)) return [];
      return [{ line: Number(/\.cfg:(\d+)/.exec(message)?.[1] ?? 0), message }];
    });
    return { accepted: status === 0 || status === 2, alerts, text };
  }

  private provide(text: string, { alerts }: Verdict): string {
    const lines = text.split('\n');
    for (const { line, message } of alerts) {
      const known = lines[line - 1];
      if (known === undefined) continue;
      const place = this.placeOf(message);
      const name = place && nameIn(message, known);
      if (place && name) lines[line - 1] = known.replace(name, place);
    }
    return lines.join('\n');
  }

  private placeOf(message: string): string | null {
    if (/could not resolve|unable to resolve|invalid address/.test(message)) return '127.0.0.1';
    if (/cannot find (?:user|group)|unknown (?:user|group)/.test(message))
      return /group/.test(message) ? 'root' : 'root';
    if (/certificate|\.pem|crt/i.test(message)) return this.certificate;
    if (/errorfile/.test(message)) return this.page;
    return /No such file|open|stat|load|read/.test(message) ? this.empty : null;
  }
}

/** The last quoted thing of the message that the line has as well. */
function nameIn(message: string, line: string): string | null {
  const quoted = [...message.matchAll(/['<"]([^'<>"]+)['>"]/g)].map(([, name]) => name!);
  const paths = [...line.matchAll(/\/[^\s(),]+/g)].map(([path]) => path).filter((path) => message.includes(path));
  return (
    paths.at(-1) ??
    quoted.reverse().find((name) => line.includes(name) && !/^(?:bind|server|user|group)/.test(name)) ??
    null
  );
}
