/**
 * From what is tracked to what it does to an instance (keepalived.conf(5), track_script and track_interface).
 *
 * A weight of 0 means: down is a fault (`reverse`: up is one). A positive weight is added while the thing is up, a
 * negative one while it is down; `reverse` turns the sign. What has no state yet adds nothing; an unweighted script
 * without a result keeps the instance waiting. Pure.
 */
import type { Tracking } from './instance.ts';
import type { ScriptVerdict } from './script.ts';

export interface TrackedThing {
  readonly verdict: ScriptVerdict;
  readonly weight: number;
  readonly reverse: boolean;
}

export function combineTracking(things: readonly TrackedThing[]): Tracking {
  let faulty = false;
  let pending = false;
  let weight = 0;
  for (const thing of things) {
    if (thing.verdict === 'unknown') {
      if (thing.weight === 0) pending = true;
      continue;
    }
    const up = thing.verdict === 'good';
    if (thing.weight === 0) faulty ||= up === thing.reverse;
    else if (up === thing.weight > 0) weight += thing.reverse ? -thing.weight : thing.weight;
  }
  return { faulty, pending, weight };
}
