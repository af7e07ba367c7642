/**
 * What lines of one log target look like at each step of a session's life (manual, chapters 3 "Log profiles" and 8.2):
 * the proxy's own formats, or what the target's profile says instead.
 *
 *     accept -> request -> connect -> response -> close        error: a connection that never became a session
 */
import type { ProxyConf } from '../../config/haproxy.ts';
import type { LogFormat } from '../../config/log-format.ts';
import { LOG_STEPS, type LogProfileConf, type LogStepName, type ProfileStepConf } from '../../config/logging.ts';
import type { SampleWorld } from '../sample/sample-world.ts';
import { AT_END, type Moment, WITH_ANSWER } from './aliases.ts';
import { compileLogFormat } from './compile.ts';
import { lineWriter, type Put } from './lines.ts';
import { NEEDS_LOCAL } from './needs.ts';
import type { SessionRecord } from './record.ts';

export const STEP_ACCEPT = 0;
export const STEP_REQUEST = 1;
export const STEP_CONNECT = 2;
export const STEP_RESPONSE = 3;
export const STEP_CLOSE = 4;
export const STEP_ERROR = 5;
export type LogStep = 0 | 1 | 2 | 3 | 4;

/** A bit for each of `log-steps`. */
export function stepBits(steps: readonly LogStepName[]): number {
  return steps.reduce((bits, step) => bits | (1 << LOG_STEPS.indexOf(step)), 0);
}

export interface LineForm {
  /** Null, of errors only: HAProxy's own words. */
  readonly put: Put | null;
  /** RFC 5424's structured data; null: none. */
  readonly buildData: ((record: SessionRecord) => string) | null;
  /** Bits of needs.ts. */
  readonly needs: number;
  /** When everything that it shows is known. */
  readonly moment: Moment;
  /** It is made from a format of the user's own. */
  readonly isCustom: boolean;
}

/** By step; null: nothing is written. */
export type LineForms = readonly (LineForm | null)[];

const writesNothing: Put = () => {};

/** Makes the forms of one proxy's targets; each of its formats is compiled once. */
export class LineFormMaker {
  private readonly conf: ProxyConf;
  private readonly world: SampleWorld;
  private readonly own: LineForm;
  private readonly ownError: LineForm;
  /** `option ...log` and `log-format` are missing: there is a line when a connection is taken, and none later. */
  private readonly onlyAccepts: boolean;

  constructor(conf: ProxyConf, world: SampleWorld) {
    this.conf = conf;
    this.world = world;
    this.own = this.makeOwn();
    this.ownError = { ...this.compile(conf.errorLogFormat, conf.logFormatSd), moment: WITH_ANSWER };
    this.onlyAccepts = conf.logFormat === 'default' && conf.logSteps !== null;
  }

  private makeOwn(): LineForm {
    const { logFormat, logFormatSd } = this.conf;
    if (typeof logFormat !== 'string') return this.compile(logFormat, logFormatSd);
    const { buildData, needs, isCustom } = this.compile(null, logFormatSd);
    const shown = logFormat === 'default' ? needs | NEEDS_LOCAL : needs;
    return { put: lineWriter(logFormat), buildData, needs: shown, moment: AT_END, isCustom };
  }

  private compile(format: LogFormat | null, data: LogFormat | null): LineForm {
    const line = format && compileLogFormat(format, this.world, this.conf);
    const extra = data && compileLogFormat(data, this.world, this.conf);
    return {
      put: line?.put ?? null,
      buildData: extra?.build ?? null,
      needs: (line?.needs ?? 0) | (extra?.needs ?? 0),
      moment: Math.max(line?.moment ?? WITH_ANSWER, extra?.moment ?? WITH_ANSWER) as Moment,
      isCustom: line !== null || extra !== null,
    };
  }

  make(profile: LogProfileConf | null): LineForms {
    const forms = LOG_STEPS.map((step, i) => this.override(this.ownAt(i), profile?.steps[step] ?? profile?.steps.any));
    return [...forms, this.override(this.ownError, profile?.steps.error ?? profile?.steps.any)];
  }

  private ownAt(step: number): LineForm {
    return this.onlyAccepts && step !== STEP_ACCEPT ? { ...this.own, put: writesNothing } : this.own;
  }

  private override(own: LineForm, step: ProfileStepConf | undefined): LineForm | null {
    if (step === undefined) return own;
    if (step.drop) return null;
    const { put, buildData, needs, moment } = this.compile(step.format, step.data);
    return {
      put: put ?? own.put,
      buildData: buildData ?? own.buildData,
      needs: needs | own.needs,
      moment: step.format === null ? (Math.max(moment, own.moment) as Moment) : moment,
      isCustom: true,
    };
  }
}
