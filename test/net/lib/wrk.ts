/** Runs `wrk` and reads what it prints. */
import { spawn } from 'node:child_process';

export interface WrkOptions {
  readonly url: string;
  readonly seconds: number;
  readonly connections?: number;
  readonly threads?: number;
  readonly headers?: readonly string[];
  /** A Lua script. */
  readonly script?: string;
}

export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Responses other than 2xx and 3xx. */
  readonly badResponses: number;
  readonly connectErrors: number;
  readonly readErrors: number;
  readonly writeErrors: number;
  readonly timeouts: number;
  /** Sum of the five above. */
  readonly errors: number;
  readonly output: string;
}

function parseWrk(output: string): WrkResult {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const [connectErrors, readErrors, writeErrors, timeouts] = [1, 2, 3, 4].map((i) => Number(socket?.[i] ?? 0));
  const badResponses = number(/Non-2xx or 3xx responses: (\d+)/);
  return {
    requests: number(/(\d+) requests in/),
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    badResponses,
    connectErrors: connectErrors!,
    readErrors: readErrors!,
    writeErrors: writeErrors!,
    timeouts: timeouts!,
    errors: badResponses + connectErrors! + readErrors! + writeErrors! + timeouts!,
    output,
  };
}

export function runWrk(options: WrkOptions): Promise<WrkResult> {
  const { url, seconds, connections = 32, threads = 1, headers = [], script } = options;
  const args = [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, '--timeout', '5s'];
  for (const header of headers) args.push('-H', header);
  if (script) args.push('-s', script);
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', [...args, url], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', () => {
      const result = parseWrk(output);
      if (result.requests === 0) reject(new Error(`wrk made no request:\n${output}`));
      else resolve(result);
    });
  });
}
