/** The real HAProxy and ours side by side, each with a receiver of its log, over one origin that both share. */
import { freePorts } from './ports.ts';
import { type RunningProxy, startProxy } from './proxy-under-test.ts';
import { type Origin, startOrigin } from './raw-http.ts';
import { receiveSyslog, type SyslogReceiver } from './syslog.ts';
import { sleep } from './wait.ts';

type Ports<Name extends string> = Readonly<Record<Name, number>>;

export interface LogSide<Name extends string> {
  readonly proxy: RunningProxy;
  readonly syslog: SyslogReceiver;
  readonly ports: Ports<Name>;
}

export interface LogSides<Name extends string> {
  readonly origin: Origin;
  readonly original: LogSide<Name>;
  readonly ours: LogSide<Name>;
  readonly close: () => Promise<void>;
}

export interface Surroundings<Name extends string> {
  /** Frontends by name. */
  readonly ports: Ports<Name>;
  readonly originPort: number;
  /** Nobody listens there. */
  readonly deadPort: number;
  readonly logPort: number;
}

/** Resolves when `probed` accepts on both sides, and the line that finding out left in the log has come. */
export async function openLogSides<Name extends string>(
  names: readonly Name[],
  probed: Name,
  configure: (surroundings: Surroundings<Name>) => string,
): Promise<LogSides<Name>> {
  const origin = await startOrigin();
  const [deadPort] = await freePorts(1);
  const start = async (which: 'original' | 'ours'): Promise<LogSide<Name>> => {
    const free = await freePorts(names.length);
    const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!])) as Ports<Name>;
    const syslog = await receiveSyslog();
    const config = configure({ ports, originPort: origin.port, deadPort: deadPort!, logPort: syslog.port });
    return { proxy: await startProxy(which, config, ports[probed]), syslog, ports };
  };
  const sides = [await start('original'), await start('ours')] as const;
  for (const side of sides) await side.syslog.waitFor(/BADREQ/);
  const close = async (): Promise<void> => {
    for (const { proxy, syslog } of sides) {
      await proxy.stop();
      await syslog.close();
    }
    await origin.close();
  };
  return { origin, original: sides[0], ours: sides[1], close };
}

/** The lines that came since there were `from`: `wanted` of them are waited for, and others that follow closely. */
export async function readLines(syslog: SyslogReceiver, from: number, wanted: number): Promise<readonly string[]> {
  const end = performance.now() + 3000;
  while (syslog.lines().length < from + wanted && performance.now() < end) await sleep(10);
  await sleep(wanted === 0 ? 100 : 30);
  return syslog.lines().slice(from);
}
