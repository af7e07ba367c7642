/** A database client that connects anew for every query, in a loop, and what became of each query. */

import { databasePassword, databaseUser } from './mariadb.ts';
import type { Host, HostProcess } from './namespaces.ts';

export interface Query {
  /** `performance.now()` of the test process when the outcome was read. */
  readonly atMs: number;
  /** From the connection to the answer. */
  readonly tookMs: number;
  /** The name of the server that answered, or null. */
  readonly answeredBy: string | null;
  readonly error: string;
}

export interface QueryLoop {
  readonly queries: readonly Query[];
  /** Outcomes since a moment. */
  readonly since: (atMs: number) => readonly Query[];
  readonly close: () => Promise<void>;
}

const script = `
while :; do
  begin=$(date +%s%3N)
  answer=$(timeout 3 mariadb --no-defaults --connect-timeout=2 -h "$1" -P "$2" -u${databaseUser} -p${databasePassword} -N -e 'select @@hostname' 2>&1)
  code=$?
  echo "$code $(($(date +%s%3N) - begin)) $answer"
  sleep 0.05
done`;

export async function startQueryLoop(host: Host, address: string, port: number): Promise<QueryLoop> {
  const queries: Query[] = [];
  const loop: HostProcess = await host.spawn('bash', ['-c', script, 'bash', address, String(port)], {
    onOutput: (text) => {
      for (const line of text.split('\n')) {
        const match = /^(\d+) (\d+) ?(.*)$/.exec(line);
        if (!match) continue;
        const ok = match[1] === '0';
        const [answeredBy, error] = ok ? [match[3]!, ''] : [null, match[3]!];
        queries.push({ atMs: performance.now(), tookMs: Number(match[2]), answeredBy, error });
      }
    },
  });
  return {
    queries,
    since: (atMs) => queries.filter((query) => query.atMs - query.tookMs >= atMs),
    close: async () => {
      loop.kill('SIGKILL');
      await loop.exited;
    },
  };
}
