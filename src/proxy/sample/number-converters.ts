/** Arithmetic, truth and time (manual, 7.3.1: add to xor, bool, not, even, odd, iif, ltime, utime, http_date). */
import { type ConverterTable, converter, simply } from './converter-row.ts';
import { intArg } from './fetch-row.ts';
import { type Clock, formatTime, httpDate } from './time-text.ts';
import { clampInt } from './value.ts';

type Operation = (a: number, b: number) => number;

/** The operand is a number; a variable has no value here, and the sample is gone. */
function arithmetic(operation: Operation) {
  return converter('sint', 'sint', ([text = '']) => {
    const operand = /^[+-]?\d+$/.test(text) ? Number(text) : null;
    return (value) => (operand === null ? null : clampInt(operation(value, operand)));
  });
}

function bitwise(operation: (a: bigint, b: bigint) => bigint): Operation {
  return (a, b) => Number(BigInt.asIntN(64, operation(BigInt(a), BigInt(b))));
}

/** Seconds, or parts of one: offsets of dates are in the unit of the value. */
const perSecond: Readonly<Record<string, number>> = { s: 1, ms: 1000, us: 1_000_000 };

function timeText(clock: Clock, unit: 's' | 'ms' | 'us') {
  return converter('sint', 'str', ([format = '', ...rest]) => {
    const offset = intArg(rest, 0, 0);
    const factor = perSecond[unit]!;
    return (value) => formatTime(format, (value / factor + offset) * 1000, clock);
  });
}

export const numberConverters: ConverterTable = {
  add: arithmetic((a, b) => a + b),
  sub: arithmetic((a, b) => a - b),
  mul: arithmetic((a, b) => a * b),
  div: arithmetic((a, b) => (b === 0 ? 2 ** 63 : Math.trunc(a / b))),
  mod: arithmetic((a, b) => (b === 0 ? 0 : a % b)),
  and: arithmetic(bitwise((a, b) => a & b)),
  or: arithmetic(bitwise((a, b) => a | b)),
  xor: arithmetic(bitwise((a, b) => a ^ b)),
  cpl: simply('sint', 'sint', (value) => -value - 1),
  neg: simply('sint', 'sint', (value) => clampInt(-value)),
  bool: simply('sint', 'bool', (value) => value !== 0),
  not: simply('sint', 'bool', (value) => value === 0),
  even: simply('sint', 'bool', (value) => value % 2 === 0),
  odd: simply('sint', 'bool', (value) => value % 2 !== 0),
  iif: converter(
    'bool',
    'str',
    ([yes = '', no = '']) =>
      (value) =>
        value ? yes : no,
  ),
  ltime: timeText('local', 's'),
  utime: timeText('utc', 's'),
  ms_ltime: timeText('local', 'ms'),
  ms_utime: timeText('utc', 'ms'),
  us_ltime: timeText('local', 'us'),
  us_utime: timeText('utc', 'us'),
  http_date: converter('sint', 'str', (args) => {
    const offset = intArg(args, 0, 0);
    const factor = perSecond[args[1] ?? 's'] ?? 1;
    return (value) => {
      const second = Math.floor((value + offset) / factor);
      return httpDate(second * 1000, factor === 1 ? '' : `.${value + offset - second * factor}`);
    };
  }),
  htonl: simply('sint', 'bin', (value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(Number(BigInt.asUintN(32, BigInt(value))));
    return bytes.toString('latin1');
  }),
};
