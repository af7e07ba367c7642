/** Splicing as lines of a configuration. */
import type { PipeConf, SpliceConf } from './splicing.ts';

export function printPipes({ noSplice, maxPipes, size }: PipeConf): string[] {
  const lines = noSplice ? ['nosplice'] : [];
  if (maxPipes !== null) lines.push(`maxpipes ${maxPipes}`);
  if (size > 0) lines.push(`tune.pipesize ${size}`);
  return lines;
}

export function printSplice({ auto, request, response }: SpliceConf): string[] {
  const lines = auto ? ['option splice-auto'] : [];
  if (request) lines.push('option splice-request');
  if (response) lines.push('option splice-response');
  return lines;
}
