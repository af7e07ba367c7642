/**
 * A long soak, with the real HAProxy under the same load for comparison when asked to:
 *
 *     node test/bench/run.mjs soak --minutes 30
 *     SOAK_OF=original node test/bench/run.mjs soak --minutes 5
 *
 * In the end nothing may be held that was not held before, memory may not have grown in the last quarter by more than a
 * sixth and 8 MiB, and no client may have seen what no proxy may do.
 */
import { expect, it } from 'vitest';
import { describeNet } from '../net/lib/requirements.ts';
import { describeSoak, runSoak } from '../net/lib/soak/soak.ts';

const minutes = Number(process.env.SOAK_MINUTES ?? 1);
const which = process.env.SOAK_OF === 'original' ? 'original' : 'ours';

describeNet('soak', { build: true, ...(which === 'original' && { binaries: ['haproxy'] }) }, () => {
  it(`${minutes} minutes`, { timeout: minutes * 60_000 + 180_000 }, async () => {
    const plan = { which, seconds: minutes * 60, clients: 32 } as const;
    const result = await runSoak(plan);
    console.log(`\n${describeSoak(plan, result)}\n`);
    expect(result.faults).toEqual([]);
    expect(result.after.gauges).toEqual([]);
    expect(result.after.processes).toBe(result.before.processes);
    expect(result.after.descriptors).toBeLessThanOrEqual(result.before.descriptors + 4);
    expect(result.after.pssMiB).toBeLessThan(result.middle.pssMiB * (7 / 6) + 8);
    expect(result.output).not.toMatch(/internal error/);
  });
});
