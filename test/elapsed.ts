/** How long work takes that must be quick, on a machine that may be busy with other things as well. */

/** Of elapsed and of processor time the shorter: other programs lengthen the first, the collector's threads the second. */
export function measureMs(run: () => void): number {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(cpuBefore);
  return Math.min(performance.now() - startedAt, (user + system) / 1000);
}
