/**
 * `~SEQ` and `~LST`: one line that stands for several, once per value of a variable.
 *
 *     ~SEQ(var, end)   ~SEQ(var, start, end)   ~SEQ(var, start, step, end)   ~SEQx(..): hexadecimal
 *     ~LST(var, v1, v2, ..)   ~LST({var1, var2}, {a1, a2}, {b1, b2}, ..)
 *
 * They stand at the start of a line; several may follow each other, the last one running fastest.
 * keepalived.conf(5), "Ranges and lists". This file only reads the parentheses; `expand.ts` repeats the line.
 */

/** One value per variable, for each repetition of the line. */
export interface Sequence {
  readonly variables: readonly string[];
  readonly rounds: readonly (readonly string[])[];
  /** Length of the `~SEQ(..)` text, following blanks included. */
  readonly length: number;
}

export interface SequenceProblem {
  readonly code: 'bad-sequence' | 'expansion-too-large';
  readonly message: string;
}

const HEAD = /^[ \t\r\v\f]*~(SEQx?|LST)\(/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_ROUNDS = 10_000;

/** Does the line start with `~SEQ(` or `~LST(`? */
export function startsSequence(line: string): boolean {
  return line.includes('~') && HEAD.test(line);
}

/** Reads the sequence at the start of a line; `parameters` is the parenthesised text with definitions replaced. */
export function readSequence(line: string, replace: (text: string) => string): Sequence | SequenceProblem {
  const head = HEAD.exec(line);
  const close = line.indexOf(')');
  if (!head || close < 0) return problem(`unclosed ~${head?.[1] ?? 'SEQ'}: no ')' on this line`);
  const parameters = replace(line.slice(head[0].length, close));
  const blanks = /^[ \t\r\v\f]*/.exec(line.slice(close + 1))![0].length;
  const read = head[1] === 'LST' ? readList(parameters) : readRange(parameters, head[1] === 'SEQx');
  return 'code' in read ? read : { ...read, length: close + 1 + blanks };
}

type Rounds = Omit<Sequence, 'length'> | SequenceProblem;

function readRange(parameters: string, hexadecimal: boolean): Rounds {
  const [variable = '', ...numbers] = parameters.split(',').map((part) => part.trim());
  if (!NAME.test(variable)) return problem(`'${variable}' is not a variable name`);
  if (numbers.length < 1 || numbers.length > 3) return problem('a ~SEQ takes (var, [start, [step,]] end)');
  const values = numbers.map(Number);
  const wrong = values.findIndex((_value, i) => !/^(-?\d+|0x[\da-f]+)$/i.test(numbers[i]!));
  if (wrong >= 0) return problem(`'${numbers[wrong]}' is not a whole number`);
  const end = values.at(-1)!;
  const start = values.length > 1 ? values[0]! : Math.sign(end) || 1;
  const step = values.length > 2 ? values[1]! : start <= end ? 1 : -1;
  if (hexadecimal && Math.min(start, end) < 0) return problem('a ~SEQx has no negative numbers');
  if (step === 0 || (end - start) * step < 0) return problem(`the step ${step} never leads from ${start} to ${end}`);
  if ((end - start) / step >= MAX_ROUNDS) return tooMany();
  const rounds: string[][] = [];
  for (let value = start; step > 0 ? value <= end : value >= end; value += step) {
    rounds.push([value.toString(hexadecimal ? 16 : 10)]);
  }
  return { variables: [variable], rounds };
}

function readList(parameters: string): Rounds {
  const groups = splitList(parameters);
  if (!groups || groups.length === 0) return problem("unbalanced '{' in ~LST");
  const [variables, ...rounds] = groups as [string[], ...string[][]];
  const bad = variables.find((name) => !NAME.test(name));
  if (bad !== undefined) return problem(`'${bad}' is not a variable name`);
  if (rounds.some((round) => round.length > variables.length)) {
    return problem(`a ~LST group has more values than variables (${variables.length})`);
  }
  if (rounds.length > MAX_ROUNDS) return tooMany();
  return { variables, rounds: rounds.map((round) => variables.map((_, i) => round[i] ?? '')) };
}

/** `a, {b, c}, d` as [[a], [b, c], [d]]; null when the braces do not match. */
function splitList(text: string): string[][] | null {
  const groups: string[][] = [];
  let rest = text.trim();
  while (rest !== '') {
    const group = /^\{([^{}]*)\}|^[^{},]*/.exec(rest)!;
    groups.push((group[1] ?? group[0]).split(',').map((part) => part.trim()));
    rest = rest.slice(group[0].length).trimStart();
    if (rest === '') break;
    if (!rest.startsWith(',')) return null;
    rest = rest.slice(1).trimStart();
    if (rest === '') groups.push(['']);
  }
  return groups;
}

function problem(message: string): SequenceProblem {
  return { code: 'bad-sequence', message };
}

function tooMany(): SequenceProblem {
  return { code: 'expansion-too-large', message: `more than ${MAX_ROUNDS} repetitions` };
}
