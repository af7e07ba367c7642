/**
 * The vrrp role's process: serves core's messages and owns nothing but the order of things.
 *
 * Configurations are put in force one after the other; an older generation that arrives late is dropped. When core
 * dies the role does what it does at a polite stop (priority 0, addresses off, notify_stop): keepalived's child does
 * the same, and it is what leaves the addresses on exactly one node.
 */
import { fatal } from '../fatal.ts';
import { serveParent } from '../ipc/channel.ts';
import type { FromVrrp, Handlers, ToVrrp, VrrpState } from '../ipc/messages.ts';
import type { ProcessLog } from '../log/process-log.ts';
import { VrrpDaemon } from './daemon.ts';
import { formatData, formatStats, writeDump } from './dump.ts';

export interface VrrpOptions {
  readonly log?: ProcessLog;
}

export function runVrrp(options: VrrpOptions = {}): void {
  const log = options.log ?? ((_level, text) => process.stderr.write(`${text}\n`));
  let daemon: VrrpDaemon | null = null;
  let generation = 0;
  let pending: Extract<ToVrrp, { type: 'config' }> | null = null;
  let work: Promise<void> = Promise.resolve();
  const inTurn = (step: () => Promise<void>): void => {
    work = work
      .then(step)
      .catch((error) => fatal(error instanceof Error ? (error.stack ?? error.message) : `${error}`));
  };

  const handlers = {
    config: (message) => {
      pending = message;
    },
    'config-done': (message) => {
      const next = pending;
      if (!next || next.generation !== message.generation)
        fatal(`config-done ${message.generation} without its config`);
      pending = null;
      inTurn(() => apply(next));
    },
    dump: (message) => dump(message.what),
    stop: () => end(),
  } satisfies Handlers<ToVrrp>;
  const send = serveParent<ToVrrp, FromVrrp>(handlers, () => end());

  async function apply(next: Extract<ToVrrp, { type: 'config' }>): Promise<void> {
    if (next.generation <= generation) return;
    generation = next.generation;
    if (daemon) await daemon.reload(next.conf);
    else {
      const tell = (instance: string, state: VrrpState): void => send({ type: 'state', generation, instance, state });
      daemon = await VrrpDaemon.open(next.conf, log, tell, next.died);
    }
    send({ type: 'ready', generation });
  }

  function dump(what: 'data' | 'stats'): void {
    if (!daemon) return;
    const [name, text] =
      what === 'data' ? ['keepalived.data', formatData(daemon)] : ['keepalived.stats', formatStats(daemon)];
    log('info', `Printing VRRP ${what} for process(${process.pid}) on signal`);
    const problem = writeDump(name, text);
    if (problem !== null) log('info', `Can't open dump file: ${problem}`);
  }

  function end(): void {
    inTurn(async () => {
      await daemon?.stop();
      process.exit(0);
    });
  }
}
