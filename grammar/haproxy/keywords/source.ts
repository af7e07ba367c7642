/**
 * `source <address>[:<port>[-<port>]] [usesrc ...] [interface ...]`, on `server` lines and in proxies (manual, chapters 4.2
 * and 5.2). Ranges of ports are for servers only.
 */
import { parseAddress } from '../address.ts';
import type { Call, Value } from '../keyword.ts';
import type { SourceSetting, UseSource } from '../link-settings.ts';

const sourceOptions: ReadonlySet<string> = new Set(['usesrc', 'interface']);

/** `usesrc` and `interface` belong to the address before them, each with a value. */
export function countSourceWords(words: readonly Value[], from: number): number {
  let count = 0;
  while (sourceOptions.has(words[from + count]?.text ?? '')) count += from + count + 1 < words.length ? 2 : 1;
  return count;
}

/** Undefined: something was reported. */
export function readSource(call: Call, value: Value, takesRange: boolean): SourceSetting | undefined {
  const options = readOptions(call);
  const parsed = parseAddress(value.text, call.env);
  if ('problem' in parsed) {
    call.fail('bad-address', value, `'${call.keyword}' : ${parsed.problem}`);
    return undefined;
  }
  if (options === undefined) return undefined;
  if (parsed.kind !== 'ip') return { host: '', family: 0, firstPort: 0, lastPort: 0, ...options };
  const { host, family, port } = parsed;
  if (port.kind === 'offset') {
    call.fail('bad-address', value, `'${call.keyword}' : port offset not permitted here in '${value.text}'`);
    return undefined;
  }
  const { first, last } = port.kind === 'range' ? port : { first: 0, last: 0 };
  if (first !== last && !takesRange) {
    call.fail('bad-address', value, `'${call.keyword}' : port range not permitted here in '${value.text}'`);
    return undefined;
  }
  return { host, family, firstPort: first, lastPort: last, ...options };
}

type SourceOptions = Pick<SourceSetting, 'interface' | 'useSource'>;

function readOptions(call: Call): SourceOptions | undefined {
  let options: SourceOptions = { interface: null, useSource: null };
  for (let at = 1; at < call.words.length; at += 2) {
    const word = call.words[at]!;
    const value = call.words[at + 1];
    if (!sourceOptions.has(word.text)) {
      call.fail('bad-value', word, `'${call.keyword}' : only supports 'interface' and 'usesrc'.`);
      return undefined;
    }
    if (!value) {
      call.fail('missing-argument', word, `'${call.keyword}' : '${word.text}' expects a value.`);
      return undefined;
    }
    if (word.text === 'interface') {
      options = { ...options, interface: value.text };
      continue;
    }
    const useSource = readUseSource(call, value);
    if (useSource === undefined) return undefined;
    options = { ...options, useSource };
  }
  return options;
}

/** An occurrence of 0 switches the whole off, as in the original. */
function readUseSource(call: Call, value: Value): UseSource | null | undefined {
  const { text } = value;
  if (text === 'client' || text === 'clientip') return { kind: text };
  const header = /^hdr_ip\(\s*([^,)\s]*)\s*(?:,\s*([^)]*))?\)?$/.exec(text);
  if (header) {
    const [, name = '', occurrence] = header;
    const number = occurrence === undefined ? -1 : Number.parseInt(occurrence, 10) || 0;
    return number === 0 || name === '' ? null : { kind: 'header', name, occurrence: number };
  }
  const parsed = parseAddress(text, call.env);
  if ('problem' in parsed || parsed.kind !== 'ip' || parsed.port.kind === 'offset') {
    call.fail('bad-address', value, "'usesrc' expects an address, 'client', 'clientip' or 'hdr_ip(name)'.");
    return undefined;
  }
  const port = parsed.port.kind === 'range' ? parsed.port.first : 0;
  return { kind: 'address', host: parsed.host, port, family: parsed.family };
}
