/** The poller: descriptors heard in Node's loop, soon, and an end that leaves nothing behind. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { drainEventfd, openEventfd, wake } from '../../../src/os/epoll.ts';
import { openPoller } from '../../../src/os/poller.ts';
import { closeFd } from '../../../src/os/socket.ts';

describe('poller', () => {
  it('calls the handler within milliseconds of the event', async () => {
    const poller = openPoller();
    const fd = openEventfd();
    let heard: (() => void) | null = null;
    poller.add(fd, () => {
      drainEventfd(fd);
      heard?.();
    });
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const woken = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const at = performance.now();
      wake(fd);
      await woken;
      times.push(performance.now() - at);
    }
    poller.close();
    closeFd(fd);
    const median = times.toSorted((a, b) => a - b)[100]!;
    console.log(`poller: median ${median.toFixed(3)} ms, worst ${Math.max(...times).toFixed(3)} ms`);
    expect(median).toBeLessThan(2);
  });

  it('hears no descriptor that was removed', async () => {
    const poller = openPoller();
    const [fd, other] = [openEventfd(), openEventfd()];
    let calls = 0;
    poller.add(fd, () => {
      calls++;
      drainEventfd(fd);
    });
    poller.remove(fd);
    wake(fd);
    await new Promise<void>((resolve) => {
      poller.add(other, () => {
        drainEventfd(other);
        resolve();
      });
      wake(other);
    });
    expect(calls).toBe(0);
    poller.close();
    for (const each of [fd, other]) closeFd(each);
  });

  for (const [how, ending] of [
    ['process.exit while it sleeps', 'setTimeout(() => process.exit(7), 20)'],
    ['close, and then nothing left to do', 'setTimeout(() => { process.exitCode = 7; poller.close(); }, 20)'],
  ] as const) {
    it(`lets the process end: ${how}`, async () => {
      const folder = mkdtempSync(join(import.meta.dirname, '../../../node_modules/.tandem-poller-'));
      try {
        const outfile = join(folder, 'main.mjs');
        const source = `import { openPoller } from './src/os/poller.ts'; const poller = openPoller(); ${ending};`;
        await build({
          stdin: { contents: source, resolveDir: join(import.meta.dirname, '../../..') },
          outfile,
          bundle: true,
          platform: 'node',
          format: 'esm',
          external: ['koffi'],
          logLevel: 'error',
        });
        const { status, signal } = spawnSync(process.execPath, [outfile], { cwd: tmpdir(), timeout: 60_000 });
        expect({ status, signal }).toEqual({ status: 7, signal: null });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
