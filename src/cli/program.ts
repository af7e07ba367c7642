/** What every entry is given, and what all of them do alike: texts out, options of the environment, signals. */
import { writeSync } from 'node:fs';
import { PROFILES, type Profile, parseProfile } from '../config/profile.ts';
import { VERSION } from '../version.ts';

export interface Program {
  /** Path of main.js, from which roles are started. */
  readonly mainFile: string;
  readonly args: readonly string[];
  /** The command line as it is shown in the process table. */
  readonly title: string;
}

export function printOut(lines: readonly string[]): void {
  print(1, lines);
}

export function printError(lines: readonly string[]): void {
  print(2, lines);
}

/** Plain writes, so that all is out before an exit. A reader that has gone away is no error. */
function print(fd: number, lines: readonly string[]): void {
  if (lines.length === 0) return;
  let rest = Buffer.from(`${lines.join('\n')}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
    }
  }
}

/** The compatibility profile; ends the program when TANDEM_COMPAT names none. */
export function readProfile(): Profile {
  const profile = parseProfile(process.env.TANDEM_COMPAT);
  if (profile !== null) return profile;
  printError([`TANDEM_COMPAT must be one of ${PROFILES.join(', ')}`]);
  process.exit(2);
}

/** Does a configuration test take files, users, host names and interfaces that are named as present? */
export function assumesFiles(): boolean {
  return process.env.TANDEM_ASSUME_FILES === '1';
}

/** The release of the original that a profile stands for, with our own version behind it. */
export function versionOf(original: 'haproxy' | 'keepalived', profile: Profile): string {
  const releases = original === 'haproxy' ? haproxyReleases : keepalivedReleases;
  return `${releases[profile] ?? releases.default}-tandem-${VERSION}`;
}

const haproxyReleases: Partial<Record<Profile, string>> = { default: '3.4.0', 'haproxy-2.6': '2.6.12' };
const keepalivedReleases: Partial<Record<Profile, string>> = { default: '2.4.0', 'keepalived-2.2': '2.2.7' };

/** What `tandem migrate` and `tandem fmt` say alike. */
export const NOTHING_GIVEN = 'no file or directory given, or one without any configuration';
export const CANNOT_WRITE_INPUT = 'standard input cannot be written to';
