#!/usr/bin/env node
// Bundles the program into dist/ (or the folder named by TANDEM_DIST): one chunk an entry, roles loaded only when they
// run, and the four executables of dist/bin. Native packages stay outside the bundle.
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, process.env.TANDEM_DIST ?? 'dist');

const entries = { main: 'src/main.ts', 'proxy-worker': 'src/proxy/worker.ts', library: 'src/library.ts' };
const present = Object.entries(entries).filter(([, file]) => existsSync(join(root, file)));

rmSync(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(present),
  outdir: out,
  bundle: true,
  splitting: true,
  // Beside the entries, because sources name the worker's file relative to their own.
  chunkNames: '[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['koffi', 'netlink'],
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  sourcemap: 'linked',
  logLevel: 'warning',
});

mkdirSync(join(out, 'bin'), { recursive: true });
for (const entry of ['tandem', 'haproxy', 'keepalived']) {
  const file = join(out, 'bin', entry);
  writeFileSync(file, `#!/usr/bin/env node\nimport { runEntry } from '../main.js';\nrunEntry('${entry}');\n`);
  chmodSync(file, 0o755);
}
