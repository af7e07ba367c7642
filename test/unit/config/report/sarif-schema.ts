/**
 * The part of the SARIF 2.1.0 schema that our output uses, written down as shapes: which properties an object may have,
 * which it must, what they hold. As in the published schema, no object takes properties that it does not define.
 */
type Shape =
  | { readonly kind: 'text'; readonly pattern?: RegExp }
  | { readonly kind: 'integer'; readonly minimum: number }
  | { readonly kind: 'list'; readonly of: Shape; readonly unique: boolean }
  | {
      readonly kind: 'object';
      readonly must: Readonly<Record<string, Shape>>;
      readonly may?: Readonly<Record<string, Shape>>;
    };

const text: Shape = { kind: 'text' };
const positive: Shape = { kind: 'integer', minimum: 1 };
const index: Shape = { kind: 'integer', minimum: -1 };
const oneOf = (...words: string[]): Shape => ({ kind: 'text', pattern: new RegExp(`^(?:${words.join('|')})$`) });
const list = (of: Shape): Shape => ({ kind: 'list', of, unique: false });
const set = (of: Shape): Shape => ({ kind: 'list', of, unique: true });
const object = (must: Readonly<Record<string, Shape>>, may: Readonly<Record<string, Shape>> = {}): Shape => ({
  kind: 'object',
  must,
  may,
});

/** RFC 3986 reference: no blanks, no control characters, percent signs with two digits. */
const uri: Shape = { kind: 'text', pattern: /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-F]{2})+$/ };
const artifactLocation = object({ uri }, { uriBaseId: text, index });
const region = object({}, { startLine: positive, startColumn: positive, endLine: positive, endColumn: positive });
const physical = object({ artifactLocation }, { region });
const message = object({ text });
const location = object({}, { id: index, physicalLocation: physical, message });
const result = object(
  { message },
  {
    ruleId: text,
    ruleIndex: index,
    level: oneOf('none', 'note', 'warning', 'error'),
    locations: list(location),
    relatedLocations: set(location),
  },
);
const rule = object({ id: text }, { shortDescription: message });
const driver = object({ name: text }, { version: text, rules: set(rule) });
const run = object(
  { tool: object({ driver }) },
  {
    columnKind: oneOf('utf16CodeUnits', 'unicodeCodePoints'),
    artifacts: set(object({}, { location: artifactLocation })),
    results: list(result),
  },
);
const log = object({ version: oneOf('2\\.1\\.0'), runs: list(run) }, { $schema: uri });

/** What is wrong, as "path: problem". */
export function sarifProblems(value: unknown): string[] {
  return [...check(value, log, '$'), ...checkIndexes(value)];
}

function check(value: unknown, shape: Shape, path: string): string[] {
  if (shape.kind === 'text') {
    if (typeof value !== 'string') return [`${path}: no text`];
    return shape.pattern && !shape.pattern.test(value) ? [`${path}: '${value}' is not allowed`] : [];
  }
  if (shape.kind === 'integer') {
    return Number.isInteger(value) && (value as number) >= shape.minimum
      ? []
      : [`${path}: no integer from ${shape.minimum}`];
  }
  if (shape.kind === 'list') {
    if (!Array.isArray(value)) return [`${path}: no list`];
    const isRepeated = shape.unique && new Set(value.map((one) => JSON.stringify(one))).size < value.length;
    if (isRepeated) return [`${path}: the same twice`];
    return value.flatMap((one, at) => check(one, shape.of, `${path}[${at}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: no object`];
  const { must, may = {} } = shape;
  const missing = Object.keys(must).filter((name) => !(name in value));
  const parts = Object.entries(value).flatMap(([name, one]) => {
    const known = must[name] ?? may[name];
    return known ? check(one, known, `${path}.${name}`) : [`${path}.${name}: not known`];
  });
  return [...missing.map((name) => `${path}.${name}: missing`), ...parts];
}

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly { readonly ruleId: string; readonly ruleIndex: number }[];
  }[];
}

/** A result's rule index names the rule that its id names. */
function checkIndexes(value: unknown): string[] {
  return (value as Log).runs.flatMap(({ tool, results }) =>
    results.flatMap(({ ruleId, ruleIndex }) =>
      tool.driver.rules[ruleIndex]?.id === ruleId ? [] : [`${ruleId}: rule index ${ruleIndex} is another rule`],
    ),
  );
}
