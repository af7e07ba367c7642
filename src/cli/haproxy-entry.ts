/**
 * `dist/bin/haproxy`: takes the place of the original for scripts, service files and people. Options, messages, exit
 * codes, pid file and signals follow HAProxy's management guide; where they cannot, a warning says so.
 */
import { readFileSync } from 'node:fs';
import type { HaproxyConfig } from '../config/haproxy.ts';
import type { LoadedHaproxy } from '../config/load-haproxy.ts';
import type { Profile } from '../config/profile.ts';
import { startedByParent } from '../core/daemon-mark.ts';
import { type HaproxyArguments, haproxyUsage, parseHaproxyArguments } from './haproxy-arguments.ts';
import { answerInquiries, diagnose } from './haproxy-inquiries.ts';
import { overrideConfig } from './haproxy-overrides.ts';
import { assumesFiles, type Program, printError, printOut, readProfile, versionOf } from './program.ts';

export async function runHaproxy(program: Program): Promise<void> {
  const profile = readProfile();
  const command = parseHaproxyArguments(program.args);
  if (command.kind === 'usage') {
    printOut(versionText(profile));
    printError(haproxyUsage);
    process.exit(1);
  }
  if (command.kind === 'bad-pids') {
    const { option, rest } = command;
    printError([`[ALERT]    (${process.pid}) : ${option} option: some bytes unconsumed in PID list {${rest}}`]);
    process.exit(1);
  }
  if (command.kind === 'version') {
    printOut(command.form.startsWith('-vq') ? [bareVersion(command.form, profile)] : versionText(profile));
    process.exit(0);
  }
  const { args } = command;
  if (args.directory !== null) changeDirectory(args.directory);
  if (args.condition !== null) process.exit(await tellCondition(args.condition, profile));
  const reader = new ConfigReader(args, profile, program.mainFile);
  if (args.check) process.exit(await reader.check());
  const config = await reader.read();
  if (!config) process.exit(1);
  const { serveHaproxy } = await import('./haproxy-service.ts');
  await serveHaproxy(program, args, profile, config, () => reader.read());
}

function versionText(profile: Profile): string[] {
  return [
    `HAProxy version ${versionOf('haproxy', profile)} - the program is Tandem, which takes HAProxy's place`,
    `Running on: Node.js ${process.version}, ${process.platform} ${process.arch}`,
  ];
}

function bareVersion(form: string, profile: Profile): string {
  const whole = versionOf('haproxy', profile);
  const [release = whole] = whole.split('-');
  if (form === '-vqs') return release;
  return form === '-vqb' ? release.split('.').slice(0, 2).join('.') : whole;
}

function changeDirectory(directory: string): void {
  try {
    process.chdir(directory);
  } catch {
    printError([
      `[ALERT]    (${process.pid}) : Could not change to directory ${directory} : No such file or directory`,
    ]);
    process.exit(1);
  }
}

async function tellCondition(text: string, profile: Profile): Promise<number> {
  const { evaluateCondition } = await import('../../grammar/haproxy/condition.ts');
  const { conditionFacts } = await import('../../grammar/haproxy/directives.ts');
  const { languageOf } = await import('../config/load-haproxy.ts');
  const env = { get: (name: string) => process.env[name] };
  const verdict = evaluateCondition(text, conditionFacts(env, languageOf(profile)));
  if (typeof verdict === 'boolean') return verdict ? 0 : 1;
  const caret = `${text}\n${' '.repeat(verdict.at)}^`;
  printError([`[ALERT]    (${process.pid}) : ${verdict.problem} in the condition of -cc:\n${caret}`]);
  return 2;
}

/** Reads the files of the command line and reports what is wrong with them; used again at each reload. */
class ConfigReader {
  private readonly args: HaproxyArguments;
  private readonly profile: Profile;
  private readonly mainFile: string;
  /** Shown once, not again at each reload. */
  private answered = false;

  constructor(args: HaproxyArguments, profile: Profile, mainFile: string) {
    this.args = args;
    this.profile = profile;
    this.mainFile = mainFile;
  }

  /** `-c`. */
  async check(): Promise<number> {
    const { config, hasListeners, warned } = await this.load(this.profile === 'default' || assumesFiles());
    const say = this.args.quiet ? () => {} : (line: string) => printOut([line]);
    if (!config) return 1;
    if (warned && this.args.warningsAreErrors) return this.refuseWarnings();
    if (!hasListeners) {
      say('Configuration file has no error but will not start (no listener) => exit(2).');
      return 2;
    }
    if (warned) say('Warnings were found.');
    say('Configuration file is valid');
    return 0;
  }

  /** Null when the configuration cannot run; then everything has been said. */
  async read(): Promise<HaproxyConfig | null> {
    const { config, hasListeners, warned } = await this.load(false);
    if (!config) return null;
    if (warned && this.args.warningsAreErrors) {
      this.refuseWarnings();
      return null;
    }
    if (!hasListeners) {
      const text = "[haproxy.main()] No enabled listener found (check for 'bind' directives) ! Exiting.";
      this.alert(text);
      return null;
    }
    return overrideConfig(config, this.args);
  }

  private async load(assumeFiles: boolean) {
    const { loadHaproxy } = await import('../config/load-haproxy.ts');
    const { renderHaproxy } = await import('../config/render.ts');
    const { args, profile } = this;
    const readFile = (path: string) => readFileSync(path);
    const { localPeer, onlyIpv4 } = args;
    const options = { compat: profile, assumeFiles, env: process.env, readFile, localPeer, onlyIpv4 };
    const loaded = loadHaproxy(args.files, options);
    const { list } = loaded.diagnostics;
    const lines = renderHaproxy(list, { pid: process.pid, quietWarnings: false });
    for (const option of args.inert) lines.unshift(`[WARNING]  (${process.pid}) : ${describeInert(option)}`);
    this.report(lines);
    await this.answer(loaded, assumeFiles);
    const warned = list.some((diagnostic) => diagnostic.severity === 'warning');
    return { config: loaded.config, hasListeners: loaded.hasListeners, warned };
  }

  /** What was asked to be shown. */
  private async answer({ nodes, config }: LoadedHaproxy, assumeFiles: boolean): Promise<void> {
    if (this.answered || this.spokenFor) return;
    this.answered = true;
    const { args, profile, mainFile } = this;
    if (args.diagnoses) printError(await diagnose(args, profile, config, assumeFiles));
    printOut(await answerInquiries(args, profile, nodes.trees, mainFile, config !== null));
  }

  private refuseWarnings(): number {
    this.alert('config : Some warnings were found and -dW (zero warning) is set. Aborting.');
    return 1;
  }

  private alert(text: string): void {
    this.report([`[ALERT]    (${process.pid}) : ${text}`]);
  }

  private report(lines: readonly string[]): void {
    if (lines.length === 0 || this.args.quiet || this.spokenFor) return;
    const about = [
      `haproxy version is ${versionOf('haproxy', this.profile)}`,
      `path to executable is ${process.argv[1]}`,
    ].map((text) => `[NOTICE]   (${process.pid}) : ${text}`);
    printError([...about, ...lines]);
  }

  /** The first of a daemon's two processes has already said it all. */
  private readonly spokenFor = startedByParent;
}

function describeInert(option: string): string {
  return `option '${option}' is known but has no effect here (not-carried-out)`;
}
