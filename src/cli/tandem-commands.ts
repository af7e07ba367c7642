/**
 * The commands of `tandem` that end by themselves: name -> where it is. Each reads the words behind its name and gives
 * an exit code; its code is loaded when it is asked for.
 */
export type TandemCommandRun = (words: readonly string[]) => number | Promise<number>;

export const tandemCommands: Readonly<Record<string, (() => Promise<TandemCommandRun>) | undefined>> = {
  completion: async () => (await import('./completion-entry.ts')).runCompletion,
  explain: async () => (await import('./explain-entry.ts')).runExplain,
  fmt: async () => (await import('./fmt-entry.ts')).runFmt,
  migrate: async () => (await import('./migrate-entry.ts')).runMigrate,
  lint: async () => (await import('./lint-entry.ts')).runLint,
  '--config-test': async () => (await import('./lint-entry.ts')).runConfigTest,
  '-t': async () => (await import('./lint-entry.ts')).runConfigTest,
  '-c': async () => (await import('./lint-entry.ts')).runConfigTest,
};
