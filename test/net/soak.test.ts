/** Half a minute of mixed load with aborts, restarts of servers and reloads; `test/bench/soak.bench.ts` does it for longer. */
import { expect, it } from 'vitest';
import { describeNet } from './lib/requirements.ts';
import { describeSoak, runSoak } from './lib/soak/soak.ts';

describeNet('the proxy under mixed load', { build: true }, () => {
  it('fails nobody and holds nothing in the end', { timeout: 120_000 }, async () => {
    const plan = { which: 'ours', seconds: 20, clients: 16 } as const;
    const result = await runSoak(plan);
    const text = `${describeSoak(plan, result)}\n${result.output.slice(-2000)}`;
    expect(result.faults, text).toEqual([]);
    expect(result.after.gauges, text).toEqual([]);
    expect(result.after.processes, text).toBe(result.before.processes);
    expect(result.after.descriptors, text).toBeLessThanOrEqual(result.before.descriptors + 4);
    expect(result.reloads).toBeGreaterThan(1);
    expect(result.output).not.toMatch(/internal error|exited with code 1/);
    expect(result.counts.get('keep-alive'), text).toBeGreaterThan(100);
  });
});
