/**
 * Whose verdict a configuration test of keepalived.conf gives.
 *
 * keepalived counts nearly everything it says about a file as an error of `-t`, advice and machine-dependent facts
 * included, and runs all the same. The default profile is kinder: what has no effect, or depends on the machine the
 * test runs on, is a warning. Under a `keepalived-*` profile every message has the weight that the real `-t` gives it,
 * measured with 2.2.7; `Verdict` is that weight.
 */
import type { Diagnostic } from '../../grammar/diagnostic.ts';
import type { Profile } from './profile.ts';

/**
 * What `keepalived -t` makes of it: nothing, exit 5, exit 6 (script security, include checks), exit 5 before it looks at
 * scripts at all, exit 2 (it stops), exit 0 whatever else is wrong (its children cannot start).
 */
type Verdict = 'silent' | 'error' | 'check' | 'early' | 'fatal' | 'unread';

const EXIT_OK = 0;
const EXIT_FATAL = 2;
export const EXIT_ERRORS = 5;
const EXIT_CHECKS = 6;

/** Codes whose weight is not simply that of an error. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  'not-carried-out': 'silent',
  'extra-argument': 'silent',
  'argument-unset': 'silent',
  'auth-type-missing': 'silent',
  'duplicate-virtual-group': 'silent',
  'unknown-group': 'silent',
  'not-a-boolean': 'silent',
  'not-an-offset': 'silent',
  'notify-user-not-here': 'silent',
  'prefix-ignored': 'silent',
  'undefined-environment': 'silent',
  'undefined-parameter': 'silent',
  'duplicate-script': 'silent',
  'old-keyword': 'silent',
  'line-too-long': 'silent',
  'unreplaced-parameter': 'silent',
  'include-missing': 'silent',
  'file-missing': 'silent',
  'file-unreadable': 'silent',
  'notify-not-here': 'silent',
  'empty-configuration': 'silent',
  'include-unreadable': 'silent',
  'include-check': 'check',
  'script-security': 'check',
  'interface-not-here': 'early',
  'missing-argument': 'fatal',
  'namespace-not-here': 'unread',
};

function verdictOf(code: string): Verdict {
  return VERDICTS[code] ?? 'error';
}

function isCompatible(profile: Profile): boolean {
  return profile.startsWith('keepalived-');
}

/** The diagnostic with the severity that the profile gives it. */
export function weigh(diagnostic: Diagnostic, profile: Profile): Diagnostic {
  if (!isCompatible(profile)) return diagnostic;
  const severity = verdictOf(diagnostic.code) === 'silent' ? 'warning' : 'error';
  return severity === diagnostic.severity ? diagnostic : { ...diagnostic, severity };
}

/**
 * Does nothing of the file run on this machine, as it names a network namespace that is not there? keepalived exits with
 * 0 then. The default profile still says all that is wrong, as warnings.
 */
export function isUnread(diagnostics: readonly Diagnostic[], profile: Profile): boolean {
  return !isCompatible(profile) && diagnostics.some(({ code }) => verdictOf(code) === 'unread');
}

/** The warning that is left of an error. */
export function softened(diagnostic: Diagnostic): Diagnostic {
  return diagnostic.severity === 'error' ? { ...diagnostic, severity: 'warning' } : diagnostic;
}

/** The exit code of a configuration test. */
export function exitCodeOf(diagnostics: readonly Diagnostic[], profile: Profile): number {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  if (errors.length === 0) return EXIT_OK;
  const verdicts = new Set(errors.map((diagnostic) => verdictOf(diagnostic.code)));
  if (isCompatible(profile) && verdicts.has('unread')) return EXIT_OK;
  if (verdicts.has('fatal')) return EXIT_FATAL;
  if (!isCompatible(profile) && errors.some((e) => e.code === 'file-missing' || e.code === 'file-unreadable')) {
    return EXIT_FATAL;
  }
  return verdicts.has('check') && !verdicts.has('early') ? EXIT_CHECKS : EXIT_ERRORS;
}
