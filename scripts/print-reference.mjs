#!/usr/bin/env node
// Prints docs/reference/ from the keyword rows. A test fails when the files are stale.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundle = join(root, 'node_modules/.cache/tandem-reference.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['src/config/explain/reference.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
});
const { printReference } = await import(pathToFileURL(bundle).href);
mkdirSync(join(root, 'docs/reference'), { recursive: true });
for (const language of ['haproxy', 'keepalived']) {
  writeFileSync(join(root, `docs/reference/${language}.md`), printReference(language));
}
