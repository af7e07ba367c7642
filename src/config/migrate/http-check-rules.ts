/** `option httpchk METHOD URI VERSION\r\nName:\ value`: the headers move to a `http-check send` rule (HAProxy 2.2). */
import { encodeFormat, type PlainWord } from './haproxy-word.ts';
import type { Outcome } from './migration.ts';

/** `words` without "option httpchk"; null: there is nothing to change. */
export function migrateHttpCheck(words: readonly PlainWord[]): Outcome | null {
  if (words.length < 3) return null;
  if (!/\\[rn]|\\x0[ad]/i.test(words[2]!.raw)) return null;
  // Blanks that were not escaped made further words, which the original left out.
  const text = words[2]!.text;
  if (text === null) return { kind: 'left', why: 'its headers hold a variable or a broken quote' };
  const [head = '', ...bodies] = text.split('\r\n\r\n');
  const [version = '', ...fields] = head.split(/\r?\n/);
  if (!/^[\w./]*$/.test(version)) return { kind: 'left', why: 'its version is none' };
  const headers = fields.filter((field) => field !== '').map((field) => /^([^:\s]+):\s*([^\r]*)$/.exec(field));
  if (headers.some((header) => header === null)) return { kind: 'left', why: 'it holds a line that is no header' };
  const send = headers.map((header) => `hdr ${header![1]} ${encodeFormat(header![2]!)}`);
  const body = bodies.join('\r\n\r\n');
  if (body !== '') send.push(`body ${encodeFormat(body)}`);
  const [method, uri] = words;
  const option = ['option httpchk', method!.raw, uri!.raw, version].join(' ').trimEnd();
  const lines = send.length === 0 ? [option] : [option, `http-check send ${send.join(' ')}`];
  const surplus = words[3];
  if (!surplus) return { kind: 'lines', lines };
  return { kind: 'lines', lines, check: `'${surplus.raw}' and what follows it were ignored and are left out` };
}

/** `appsession NAME len N timeout T [request-learn]`: a table of cookies (HAProxy 1.6 release notes). */
export function migrateAppsession(words: readonly PlainWord[], hasTable: boolean): Outcome {
  const [name, ...options] = words.map((word) => word.raw);
  if (!name) return { kind: 'left', why: 'it needs the name of a cookie' };
  if (hasTable) return { kind: 'left', why: 'the section has a stick-table already' };
  const optionValue = (option: string) => options[options.indexOf(option) + 1];
  const length = options.includes('len') ? optionValue('len') : undefined;
  const expire = options.includes('timeout') ? optionValue('timeout') : undefined;
  const other = options.find((word) => word === 'prefix' || word === 'mode');
  if (other) return { kind: 'left', why: `'${other}' has no counterpart among sticking rules` };
  if (!length || !expire) return { kind: 'left', why: "it needs 'len' and 'timeout'" };
  const match = options.includes('request-learn') ? 'stick on' : 'stick match';
  const lines = [
    `stick-table type string len ${length} size 100k expire ${expire}`,
    `${match} req.cook(${name})`,
    `stick store-response res.cook(${name})`,
  ];
  return { kind: 'lines', lines, check: 'the table holds 100k sessions; the original had no bound' };
}
