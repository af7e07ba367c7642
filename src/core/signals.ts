/** What core does at a signal, one row a signal. A row stands for the program's life: a second signal is taken too. */
export type SignalTable = Partial<Record<NodeJS.Signals, () => void>>;

export function installSignals(table: SignalTable): void {
  for (const [signal, act] of Object.entries(table)) process.on(signal as NodeJS.Signals, act);
}

/** Ends as the signal would have ended the program: what called it sees "terminated", and not an exit code. */
export function dieOf(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
