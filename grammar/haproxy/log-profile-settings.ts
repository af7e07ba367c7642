/** What `log-profile` sections and `log-steps` say (manual, chapters 3 "Log profiles" and 4.2). */
import type { Span } from '../source.ts';
import type { Value } from './keyword.ts';

/** Moments in a session's life at which a line may be written. */
export const LOG_STEPS = ['accept', 'request', 'connect', 'response', 'close'] as const;

export type LogStepName = (typeof LOG_STEPS)[number];

/** What `on` may name: a step, connections that failed, or whatever is not named itself. */
export type ProfileStepName = LogStepName | 'error' | 'any';

export interface ProfileStepSettings {
  readonly drop: boolean;
  readonly format: Value | null;
  readonly data: Value | null;
}

export interface LogProfileSettings {
  tag?: string;
  readonly steps: Map<ProfileStepName, ProfileStepSettings>;
}

/** A `log-profile` section. */
export interface LogProfileNode {
  readonly name: string;
  readonly at: Span;
  readonly settings: LogProfileSettings;
}
