#!/usr/bin/env node
// Bundles the program into dist/ (or the folder named by TANDEM_DIST): one chunk an entry, roles loaded only when they
// run, and the four executables of dist/bin. Native packages stay outside the bundle.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  metafile: true,
  // Puts numbers in the place of constants: what V8 would otherwise load and check at each use, as bundles make them `var`.
  minifySyntax: true,
};
const program = await build({
  ...settings,
  entryPoints: Object.fromEntries(present),
  splitting: true,
  // Beside the entries, because sources name the worker's file relative to their own.
  chunkNames: '[name]-[hash]',
});
// By itself: sharing chunks with the library would make the program start from more files.
const library = await build({ ...settings, entryPoints: { library: 'src/library.ts' } });

mkdirSync(join(out, 'bin'), { recursive: true });
for (const entry of ['tandem', 'haproxy', 'keepalived']) {
  const file = join(out, 'bin', entry);
  writeFileSync(file, `#!/usr/bin/env node\nimport { runEntry } from '../main.js';\nrunEntry('${entry}');\n`);
  chmodSync(file, 0o755);
}

// What is bundled is handed on: its licences come along.
const inputs = [program, library].flatMap(({ metafile }) => Object.keys(metafile.inputs));
const packages = inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
const notices = [...new Set(packages)].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : `\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
});
writeFileSync(join(out, 'THIRD-PARTY-LICENSES'), notices.join(`\n${'-'.repeat(80)}\n\n`));
