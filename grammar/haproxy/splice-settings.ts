/** What lines say about splicing. Sparse, as all settings of nodes.ts are: a property is there only when a line set it. */

export interface PipeSettings {
  noSplice?: boolean;
  maxPipes?: number;
  /** Bytes; 0: as the kernel likes. */
  pipeSize?: number;
}

export interface SpliceSettings {
  spliceAuto?: boolean;
  spliceRequest?: boolean;
  spliceResponse?: boolean;
}
