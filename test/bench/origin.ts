/** The origin behind the measured proxies: nginx with one short answer, and a large file `big` beside its configuration. */
import { type Program, startProgram, type TestFiles } from '../net/lib/program.ts';
import { findBinary } from '../net/lib/requirements.ts';

/** To be written as `big` where `/big` is asked for. */
export const BIG_FILE = 'x'.repeat(10_000_000);

/** To be written as `nginx.conf`. */
export function nginxConf(port: number, connections = 8192): string {
  return `
worker_processes 1; daemon off; error_log stderr crit;
events { worker_connections ${connections}; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 "hello world 1234567890\\n"; }
    location /big { root .; } } }
`;
}

/** nginx removes its pid file when it ends: it gets one among the test's own files. */
export function startNginx(files: TestFiles): Program {
  return startProgram(findBinary('nginx')!, [
    '-c',
    files.path('nginx.conf'),
    '-p',
    files.path('.'),
    '-g',
    `pid ${files.path('nginx.pid')};`,
  ]);
}
