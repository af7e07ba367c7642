/**
 * What core does at a signal, one row a signal. A row stands for the program's life: a second signal is taken too.
 *
 * Until the table is there, signals that ask a running program for something must not kill it: they are held from the
 * first moment on and answered then.
 */
export type SignalTable = Partial<Record<NodeJS.Signals, () => void>>;

const heldSignals: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'];
const held = new Set<NodeJS.Signals>();

export function holdSignals(): void {
  for (const signal of heldSignals) process.on(signal, hold);
}

function hold(signal: NodeJS.Signals): void {
  held.add(signal);
}

export function installSignals(table: SignalTable): void {
  for (const [signal, act] of Object.entries(table)) process.on(signal as NodeJS.Signals, act);
  for (const signal of heldSignals) process.off(signal, hold);
  for (const signal of held) table[signal]?.();
  held.clear();
}

/** Ends as the signal would have ended the program: what called it sees "terminated", and not an exit code. */
export function dieOf(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
