#!/usr/bin/env node
// Bundles the program into dist/ (or the folder named by TANDEM_DIST): one chunk an entry, roles loaded only when they
// run, and the four executables of dist/bin. Native packages stay outside the bundle.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, process.env.TANDEM_DIST ?? 'dist');

const entries = { main: 'src/main.ts', 'proxy-worker': 'src/proxy/worker.ts' };
const present = Object.entries(entries).filter(([, file]) => existsSync(join(root, file)));

rmSync(out, { recursive: true, force: true });

/** Bundles into `out`; returns the files that went in. */
async function bundle(input, codeSplitting) {
  const bundler = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    external: ['koffi', 'netlink'],
    // Numbers stand in the place of constants, and the rest stay constants: what is neither, V8 loads and checks at each use.
    optimization: { inlineConst: { mode: 'all', pass: 3 } },
  });
  const { output } = await bundler.write({
    dir: out,
    format: 'esm',
    codeSplitting,
    entryFileNames: '[name].js',
    // Beside the entries, because sources name the worker's file relative to their own.
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
  });
  await bundler.close();
  return output.flatMap((chunk) => chunk.moduleIds ?? []);
}

const program = await bundle(Object.fromEntries(present), true);
// By itself: sharing chunks with the library would make the program start from more files.
const library = await bundle({ library: 'src/library.ts' }, false);

mkdirSync(join(out, 'bin'), { recursive: true });
for (const entry of ['tandem', 'haproxy', 'keepalived']) {
  const file = join(out, 'bin', entry);
  writeFileSync(file, `#!/usr/bin/env node\nimport { runEntry } from '../main.js';\nrunEntry('${entry}');\n`);
  chmodSync(file, 0o755);
}

// What is bundled is handed on: its licences come along.
const packages = [...program, ...library].flatMap(
  (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
);
const notices = [...new Set(packages)].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
});
writeFileSync(join(out, 'THIRD-PARTY-LICENSES'), notices.join(`\n${'-'.repeat(80)}\n\n`));
