#!/usr/bin/env node
// Bundles the program into dist/ (or the folder named by TANDEM_DIST): one chunk an entry, roles loaded only when they
// run, and the four executables of dist/bin. Native packages stay outside the bundle.
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, process.env.TANDEM_DIST ?? 'dist');

const entries = { main: 'src/main.ts', 'proxy-worker': 'src/proxy/worker.ts' };
const present = Object.entries(entries).filter(([, file]) => existsSync(join(root, file)));

rmSync(out, { recursive: true, force: true });
const settings = {
  absWorkingDir: root,
  outdir: out,
  bundle: true,
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
};
await build({
  ...settings,
  entryPoints: Object.fromEntries(present),
  splitting: true,
  // Beside the entries, because sources name the worker's file relative to their own.
  chunkNames: '[name]-[hash]',
});
// By itself: sharing chunks with the library would make the program start from more files.
await build({ ...settings, entryPoints: { library: 'src/library.ts' } });

mkdirSync(join(out, 'bin'), { recursive: true });
for (const entry of ['tandem', 'haproxy', 'keepalived']) {
  const file = join(out, 'bin', entry);
  writeFileSync(file, `#!/usr/bin/env node\nimport { runEntry } from '../main.js';\nrunEntry('${entry}');\n`);
  chmodSync(file, 0o755);
}
