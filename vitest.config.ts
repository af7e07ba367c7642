import { defineConfig } from 'vitest/config';

const report = process.env.TANDEM_TEST_REPORT;

export default defineConfig({
  test: {
    // What hangs is found; what is slow on a busy machine is not taken for it.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'pure', include: ['test/**/*.test.ts'], exclude: ['test/net/**'] },
      },
      {
        // Processes, sockets and clocks: one file at a time, so that bounds in time mean something.
        extends: true,
        test: { name: 'net', include: ['test/net/**/*.test.ts'], fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
