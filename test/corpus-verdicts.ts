/**
 * How often our verdict on real files agrees with the originals': reads the corpus beside the repository, prints one
 * line per disagreement and the figures. Not a test; run it after a bundle, for example with
 * `npx esbuild test/corpus-verdicts.ts --bundle --platform=node --format=esm | node --input-type=module -`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadHaproxy } from '../src/config/load-haproxy.ts';
import type { Profile } from '../src/config/profile.ts';

/** Surroundings that are not there for us either way, or an original that dies or says nothing. */
function originalAccepts(report: string): boolean | null {
  const exit = /^with what it names present: exit (\d+)/m.exec(report)?.[1];
  if (exit === undefined) return null;
  return exit === '0' || (exit === '2' && report.includes('no listener'));
}

function compare(folder: string, profile: Profile, release: string): void {
  const names = readdirSync(folder).filter((name) => name.endsWith('.cfg'));
  let same = 0;
  let refused = 0;
  let accepted = 0;
  for (const name of names) {
    const expected = originalAccepts(readFileSync(`${folder}/${name.replace('.cfg', '')}.${release}.txt`, 'utf8'));
    if (expected === null) continue;
    const options = { compat: profile, assumeFiles: true, env: {}, readFile: (path: string) => readFileSync(path) };
    const { diagnostics } = loadHaproxy([`${folder}/${name}`], options);
    const ours = !diagnostics.hasErrors;
    if (ours === expected) same++;
    else if (ours) accepted++;
    else {
      refused++;
      const first = diagnostics.list.find((d) => d.severity === 'error');
      console.log(`${profile}: ${name} is refused: ${first?.code}: ${first?.message}`);
    }
  }
  console.log(
    `${profile} against ${release}: ${same} of ${names.length} alike, ${refused} only refused here, ${accepted} only accepted here`,
  );
}

const folder = resolve('../shared/corpus/haproxy');
if (!existsSync(folder)) console.log(`no corpus at ${folder}`);
else {
  compare(folder, 'default', '2.6');
  compare(folder, 'haproxy-2.6', '2.6');
  compare(folder, 'haproxy-3.4', '3.4');
}
