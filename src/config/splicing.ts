/** Splicing as configured (manual: `nosplice`, `maxpipes`, `tune.pipesize`, `option splice-*`). */
import type { PipeSettings, SpliceSettings } from '../../grammar/haproxy/splice-settings.ts';

export interface PipeConf {
  readonly noSplice: boolean;
  /** Null: a quarter of maxconn. */
  readonly maxPipes: number | null;
  /** Bytes; 0: as the kernel likes. */
  readonly size: number;
}

/** Of one proxy: which directions it wants spliced. `auto` stands for both. */
export interface SpliceConf {
  readonly auto: boolean;
  readonly request: boolean;
  readonly response: boolean;
}

export function resolvePipes(settings: PipeSettings): PipeConf {
  return { noSplice: settings.noSplice ?? false, maxPipes: settings.maxPipes ?? null, size: settings.pipeSize ?? 0 };
}

export function resolveSplice(settings: SpliceSettings): SpliceConf {
  return {
    auto: settings.spliceAuto ?? false,
    request: settings.spliceRequest ?? false,
    response: settings.spliceResponse ?? false,
  };
}
