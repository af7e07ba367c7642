/**
 * Log formats as functions: `compileLogFormat` makes of a format's items one writer that is called per line (manual,
 * chapter 8.2.6). What can be decided is decided here: constants are joined, every item is one function, and formats
 * that only need what is known early say so (`moment`), because HAProxy writes their line at that time.
 *
 * Used for `log-format`, `log-format-sd`, `error-log-format` and `unique-id-format`; the formats that HAProxy has
 * names for are written out in lines.ts.
 */
import type { ProxyConf } from '../../config/haproxy.ts';
import type { LogFormat, LogItem } from '../../config/log-format.ts';
import { LineText } from '../../wire/line-text.ts';
import { compileSample, compileText } from '../sample/compile.ts';
import type { Evaluate } from '../sample/fetch-row.ts';
import type { SampleWorld } from '../sample/sample-world.ts';
import { AT_END, aliases, type Manner, type Moment, textWriter, WITH_ANSWER } from './aliases.ts';
import { compileEncoded, compileItemValue, putEncoded } from './encode.ts';
import { escapeField } from './escape.ts';
import type { Put } from './lines.ts';
import type { SessionRecord } from './record.ts';

export interface CompiledFormat {
  /** The line without header and line end; nothing written: nothing is to be logged. */
  readonly put: Put;
  /** The same as text, Latin-1: for what is no log line. */
  readonly build: (r: SessionRecord) => string;
  /** Bits of needs.ts: what the record must have. */
  readonly needs: number;
  /** When everything that it shows is known. */
  readonly moment: Moment;
}

/**
 * `header`: the text becomes a header's value (`unique-id-format`): no dashes, what a header must not hold as `%XX`.
 * `field`: it becomes bytes of a protocol: no dashes, nothing escaped.
 */
export type FormatUse = 'log' | 'header' | 'field';

const TEXT_ROOM = 65536;

/** One item: a constant, a blank, or something of a record. */
interface Part {
  readonly kind: 'text' | 'space' | 'record';
  readonly text: string;
  readonly put: Put;
  readonly needs: number;
  readonly moment: Moment;
  /** It may write nothing at all, and then a blank behind it goes too. */
  readonly vanishes: boolean;
}

export function compileLogFormat(
  format: LogFormat,
  world: SampleWorld,
  home: ProxyConf,
  use: FormatUse = 'log',
): CompiledFormat {
  if (format.encoding !== undefined) {
    const { put, needs, moment } = compileEncoded(format, format.encoding, world, home);
    return { put, build: textBuilder(put), needs, moment };
  }
  const isBinary = format.binary ?? false;
  const parts = format.items.map((item) => compileItem(item, world, home, use, isBinary));
  const needs = parts.reduce((all, part) => all | part.needs, 0);
  const moment = parts.some((part) => part.moment === AT_END) ? AT_END : WITH_ANSWER;
  const put = parts.some((part) => part.vanishes) ? joinWithCare(parts) : joinPlain(parts);
  return { put, build: textBuilder(put), needs, moment };
}

/** Not in the memory of log lines: an identifier may be made while one is written. */
const text = new LineText(new Uint8Array(TEXT_ROOM));

function textBuilder(put: Put): (r: SessionRecord) => string {
  return (r) => {
    text.clear();
    put(text, r);
    return text.toString();
  };
}

function constant(kind: 'text' | 'space', text: string): Part {
  return { kind, text, put: (line) => line.text(text), needs: 0, moment: WITH_ANSWER, vanishes: false };
}

function compileItem(item: LogItem, world: SampleWorld, home: ProxyConf, use: FormatUse, isBinary: boolean): Part {
  if (item.kind === 'text') return constant('text', item.text);
  if (item.kind === 'space') return constant('space', ' ');
  if (item.encoding !== undefined) {
    const { read, needs, moment } = compileItemValue(item, world, home);
    const put = putEncoded(item.encoding, isBinary, read);
    return { kind: 'record', text: '', put, needs, moment, vanishes: false };
  }
  const manner: Manner = { ...item.flags, missing: (item.flags.dash ?? use === 'log') ? '-' : '' };
  if (item.kind === 'alias') return compileAlias(item.name, manner);
  if (isBinary) {
    const { evaluate, type, needs } = compileSample(item.sample, world, home);
    if (type === 'bin') return binaryPart(evaluate, needs);
  }
  const { evaluate, needs } = compileText(item.sample, world, home);
  const read: Read = use !== 'header' ? evaluate : (r) => escapeField(evaluate(r) ?? '');
  return { kind: 'record', text: '', put: textWriter(read, manner), needs, moment: WITH_ANSWER, vanishes: false };
}

/** `+bin`: bytes stay as they are. */
function binaryPart(evaluate: Evaluate, needs: number): Part {
  const put: Put = (line, r) => line.raw(Buffer.from((evaluate(r) as string | null) ?? '', 'latin1'));
  return { kind: 'record', text: '', put, needs, moment: WITH_ANSWER, vanishes: false };
}

type Read = (r: SessionRecord) => string | null;

function compileAlias(name: string, manner: Manner): Part {
  const row = aliases[name];
  if (row === undefined) return constant('text', '');
  const { needs, moment, vanishes } = row;
  return { kind: 'record', text: '', put: row.make(manner), needs, moment, vanishes };
}

/** Blanks are constants like others: neighbours become one text. */
function joinPlain(parts: readonly Part[]): Put {
  const pieces: (string | Put)[] = [];
  for (const { kind, text, put } of parts) {
    const last = pieces.at(-1);
    if (kind === 'record') pieces.push(put);
    else if (typeof last === 'string') pieces[pieces.length - 1] = last + text;
    else if (kind === 'text' || last !== undefined) pieces.push(text);
  }
  return (line, r) => {
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i]!;
      if (typeof piece === 'string') line.text(piece);
      else piece(line, r);
    }
  };
}

/** Whether a blank is written depends on what was written before it. */
function joinWithCare(parts: readonly Part[]): Put {
  return (line, r) => {
    let afterSpace = true;
    for (let i = 0; i < parts.length; i++) {
      const { kind, put, vanishes } = parts[i]!;
      if (kind === 'space') {
        if (!afterSpace) line.text(' ');
        afterSpace = true;
        continue;
      }
      const { at } = line;
      put(line, r);
      if (!vanishes || line.at > at) afterSpace = false;
    }
  };
}
