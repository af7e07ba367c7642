import { defineConfig } from 'vitest/config';

const report = process.env.TANDEM_TEST_REPORT;

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
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
