/** Small real MariaDB servers on the hosts of a test network. */

import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Host, HostProcess } from './namespaces.ts';
import { waitUntil } from './wait.ts';

const run = promisify(execFile);

/** Who may log in from anywhere. */
export const databaseUser = 'dave';
export const databasePassword = 'secret';

const grants = `
CREATE USER IF NOT EXISTS '${databaseUser}'@'%' IDENTIFIED BY '${databasePassword}';
GRANT ALL ON *.* TO '${databaseUser}'@'%';
`;

/** An empty data directory. Copy it with `copyDatabase` for further servers: making one takes seconds. */
export async function createDatabase(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const options = [`--datadir=${folder}`, '--user=root', '--skip-test-db', '--innodb-log-file-size=4M'];
  await run('mariadb-install-db', ['--no-defaults', ...options, '--auth-root-authentication-method=normal']);
  await writeFile(join(folder, 'grants.sql'), grants);
}

export async function copyDatabase(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
}

/** Starts a server on port 3306 of the host's address and waits until it answers. */
export async function startDatabase(host: Host, folder: string): Promise<HostProcess> {
  await host.run('mkdir', ['-p', '/run/mysqld']);
  const server = await host.spawn('mariadbd', [
    '--no-defaults',
    '--user=root',
    `--datadir=${folder}`,
    `--bind-address=${host.address}`,
    '--skip-networking=0',
    '--socket=/run/mysqld/mysqld.sock',
    '--pid-file=/run/mysqld/mysqld.pid',
    `--init-file=${join(folder, 'grants.sql')}`,
    '--skip-name-resolve',
    '--innodb-buffer-pool-size=16M',
    '--innodb-log-file-size=4M',
    '--key-buffer-size=1M',
    '--performance-schema=OFF',
    '--max-connect-errors=1000000',
  ]);
  const ask = ['--no-defaults', '--socket=/run/mysqld/mysqld.sock', '-uroot', '-e', 'select 1'];
  await waitUntil(`the database of ${host.name}`, async () => (await host.exec('mariadb', ask)).code === 0, {
    deadlineMs: 30_000,
    everyMs: 100,
    details: server.output,
  });
  return server;
}
