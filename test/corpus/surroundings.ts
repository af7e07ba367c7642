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
  private readonly list: string;

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
    this.list = join(folder, 'crt-list');
    writeFileSync(this.list, `${this.certificate}\n`);
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
      return [{ line: Number(/^(?:parsing )?\[[^\]]*:(\d+)\]/i.exec(message)?.[1] ?? 0), message }];
    });
    return { accepted: status === 0 || status === 2, alerts, text };
  }

  private provide(text: string, { alerts }: Verdict): string {
    const lines = text.split('\n');
    for (const { line, message } of alerts) {
      const known = lines[line - 1];
      if (known !== undefined) lines[line - 1] = this.provideLine(known, message);
    }
    return lines.join('\n');
  }

  private provideLine(line: string, message: string): string {
    const host = /could not resolve address '([^':]+)/.exec(message)?.[1];
    if (host)
      return line.replace(
        new RegExp(`^(\\s*server\\s+\\S+\\s+)${plain(host)}(:\\d+)?(?=\\s|$)`),
        (_, head, port = ':80') => `${head}127.0.0.1${port}`,
      );
    const account = /cannot find (?:user|group) id for '([^']+)'/i.exec(message)?.[1];
    if (account) return line.replace(account, 'root');
    const paths = [...line.matchAll(/[^\s(),'"]*\/[^\s(),'"]+|[\w.-]+\.(?:pem|crt|key|map|lst|http|cfg)\b/g)].map(
      ([path]) => path,
    );
    const path = paths.find((one) => message.includes(one) && !one.startsWith(this.folder));
    return path ? line.replace(path, this.placeOf(message)) : line;
  }

  private placeOf(message: string): string {
    if (/errorfile/.test(message)) return this.page;
    if (/crt-list/.test(message)) return this.list;
    return /certificate|\.pem|crt|\bCA\b|DH param/i.test(message) ? this.certificate : this.empty;
  }
}

function plain(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
