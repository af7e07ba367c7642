/** `log-profile` sections, and `log-steps` of proxies (manual, chapters 3 "Log profiles" and 4.2). */
import { LineReader } from '../expr/line-reader.ts';
import { type Argument, type Call, type KeywordRow, rowsFor, type Value } from '../keyword.ts';
import { LOG_STEPS, type LogStepName, type ProfileStepName } from '../log-profile-settings.ts';
import type { ProxyNode, SectionNode } from '../nodes.ts';
import { oneOf, text } from '../units.ts';
import { frontSide } from './contexts.ts';

const row = rowsFor<SectionNode>();
const proxyRow = rowsFor<ProxyNode>();

export const logProfileRows: readonly KeywordRow<SectionNode>[] = [
  row('log-tag', ['log-profile'], {
    args: [text('<tag>')],
    extra: 'ignored',
    since: '3.1',
    doc: 'Program name in lines that the profile is used for.',
    ok: ['log-tag audit'],
    bad: [['log-tag', 'missing-argument']],
    apply(node, _call, tag) {
      node.logProfile.tag = tag;
    },
  }),
  row('on', ['log-profile'], {
    args: [oneOf(...LOG_STEPS, 'error', 'any')],
    extra: 'free',
    since: '3.1',
    doc: 'Whether and how a line is written at a step.',
    ok: ['on error drop', "on close format '%ci %ST' sd '[a@1 b=\"%cp\"]'", 'on any drop'],
    bad: [
      ['on noon drop', 'bad-value'],
      ['on close zork', 'bad-value'],
      ['on close format', 'missing-argument'],
      ['on close format %zork', 'unknown-log-variable'],
    ],
    apply: setStep,
  }),
];

function setStep(node: SectionNode, call: Call, step: ProfileStepName): void {
  let drop = false;
  const formats = new Map<string, Value>();
  const reader = new LineReader(null, call, 2, `'on ${step}'`);
  for (let at = 1; at < call.words.length; at++) {
    const word = call.words[at]!;
    if (word.text === 'drop') drop = true;
    else if (word.text === 'format' || word.text === 'sd') {
      const format = call.words[++at];
      if (format === undefined) {
        call.fail('missing-argument', word, `'on ${step}' : '${word.text}' expects a format.`);
        return;
      }
      if (!reader.checkLogFormat(format)) return;
      formats.set(word.text, format);
    } else {
      call.fail('bad-value', word, `'on ${step}' only supports 'drop', 'format' and 'sd' (got '${word.text}').`);
      return;
    }
  }
  node.logProfile.steps.set(step, { drop, format: formats.get('format') ?? null, data: formats.get('sd') ?? null });
}

const stepList: Argument<readonly LogStepName[]> = {
  label: '<steps>',
  read(value, call) {
    const names = value.text.split(',').map((name) => name.trim());
    if (names.includes('all')) return LOG_STEPS;
    const odd = names.find((name) => !LOG_STEPS.includes(name as LogStepName));
    if (odd === undefined) return LOG_STEPS.filter((name) => names.includes(name));
    call.fail('bad-value', value, `'log-steps' only supports 'all' or some of ${LOG_STEPS.join(', ')} (got '${odd}').`);
    return undefined;
  },
};

export const logStepsRow = proxyRow('log-steps', frontSide, {
  args: [stepList],
  since: '3.1',
  doc: "At which steps of a session's life a line is written.",
  ok: ['log-steps all', 'log-steps accept,close'],
  bad: [
    ['log-steps', 'missing-argument'],
    ['log-steps noon', 'bad-value'],
    ['log-steps accept close', 'extra-argument'],
  ],
  apply(node, _call, steps) {
    node.settings.logSteps = steps;
  },
});
