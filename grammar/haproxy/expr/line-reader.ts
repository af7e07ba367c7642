/**
 * Reads the words of a rule one after another: expressions, log formats, regular expressions, variable names. Every
 * reader reports what is wrong at the word that is wrong and returns false; the caller stops then. Sections that an
 * expression names are noted on the proxy, to be looked up when all sections are known.
 */
import type { Call, Value } from '../keyword.ts';
import type { ProxyNode } from '../nodes.ts';
import { regexProblem, variableProblem } from './argument-checks.ts';
import { type CriterionNode, canMatch, readCriterion } from './criterion.ts';
import { readLogFormat } from './log-format.ts';
import { isAvailable } from './places.ts';
import { readSample, type Sample } from './sample.ts';

export class LineReader {
  private readonly node: ProxyNode | null;
  private readonly call: Call;
  private at: number;
  /** What messages call the line. */
  private readonly title: string;

  constructor(node: ProxyNode | null, call: Call, from = 0, title = `'${call.keyword}'`) {
    this.node = node;
    this.call = call;
    this.at = from;
    this.title = title;
  }

  get next(): Value | undefined {
    return this.call.words[this.at];
  }

  take(): Value | undefined {
    return this.call.words[this.at++];
  }

  /** Any word; false and a report when there is none, or a condition starts. */
  word(label: string): Value | null {
    const value = this.next;
    if (value && value.text !== '' && !isConditionStart(value)) {
      this.at++;
      return value;
    }
    this.call.fail('missing-argument', value, `${this.title} expects ${label}.`);
    return null;
  }

  sample(label = '<expression>'): boolean {
    const value = this.word(label);
    return value !== null && this.sampleIn(value, value.text, 0, true) !== null;
  }

  logFormat(): boolean {
    const value = this.word('<format>');
    return value !== null && this.checkLogFormat(value);
  }

  checkLogFormat(value: Value): boolean {
    const items = readLogFormat(value.text, this.call.language);
    if ('problem' in items) {
      this.report(items.code, value, items.problem, items.suggestion);
      return false;
    }
    for (const item of items) {
      if (item.kind === 'sample' && !this.noteSample(item.sample, value)) return false;
    }
    return true;
  }

  regex(): boolean {
    const value = this.word('<regex>');
    const problem = value && regexProblem(value.text);
    if (value && problem !== null) this.report('bad-regex', value, problem);
    return value !== null && problem === null;
  }

  /** The name between the parentheses of an action such as "set-var(txn.a)". */
  variable(value: Value, name: string): boolean {
    const problem = variableProblem(name, this.call.language);
    if (problem !== null) this.report('bad-variable', value, problem);
    return problem === null;
  }

  criterion(words: readonly Value[]): CriterionNode | null {
    const criterion = readCriterion(words, this.call.language);
    if ('problem' in criterion) {
      this.report(criterion.code, criterion.at, criterion.problem, criterion.suggestion);
      return null;
    }
    if (!canMatch(criterion.sample.output, criterion.method)) {
      const problem = `matching method '${criterion.method}' cannot be used with '${criterion.sample.fetch.name}'.`;
      this.report('bad-value', words[0]!, problem);
      return null;
    }
    this.noteReferences(criterion.sample, words[0]!);
    return criterion;
  }

  private sampleIn(value: Value, text: string, start: number, isWhole: boolean): Sample | null {
    const sample = readSample(text, this.call.language, start);
    if ('problem' in sample) {
      this.report(sample.code, value, sample.problem, sample.suggestion);
      return null;
    }
    if (isWhole && sample.end < text.length) {
      this.report('bad-sample', value, `missing comma in '${text}' before '${text.slice(sample.end)}'.`);
      return null;
    }
    return this.noteSample(sample, value) ? sample : null;
  }

  private noteSample(sample: Sample, value: Value): boolean {
    this.noteReferences(sample, value);
    if (!this.node || this.node.kind === 'defaults') return true;
    if (isAvailable(sample, this.call.keyword, this.node.kind)) return true;
    this.report('not-available', value, `'${sample.fetch.name}' takes information that is not available here.`);
    return false;
  }

  private noteReferences(sample: Sample, at: Value): void {
    for (const reference of sample.references) this.node?.sampleReferences.push({ ...reference, at: at.at });
  }

  private report(code: string, value: Value, problem: string, suggestion?: string): void {
    const hint = suggestion ? `${problem.replace(/\.$/, '')}; did you mean '${suggestion}' maybe ?` : problem;
    const message = `error detected while parsing ${this.title} : ${hint}`;
    this.call.fail(code, value, message, suggestion ? { suggestion } : {});
  }
}

export function isConditionStart(value: Value): boolean {
  return value.text === 'if' || value.text === 'unless';
}
