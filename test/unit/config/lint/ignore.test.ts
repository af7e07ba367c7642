import { describe, expect, it } from 'vitest';
import type { Diagnostic, Severity } from '../../../../grammar/diagnostic.ts';
import { applyIgnores } from '../../../../src/config/lint/ignore.ts';

const rules = new Set(['unused-acl', 'shadowed-rule']);

/** A diagnostic for every `{code}` or `{code!}` (an error) in the text, at its place. */
function run(text: string): string[] {
  const source = { file: 'x.cfg', text };
  const list = [...text.matchAll(/\{([a-z-]+)(!?)\}/g)].map((match): Diagnostic => {
    const severity: Severity = match[2] ? 'error' : 'warning';
    return { code: match[1]!, severity, at: { source, start: match.index, end: match.index + 1 }, message: '' };
  });
  return applyIgnores(list, [source], rules).map(({ code, suggestion }) =>
    suggestion ? `${code} ${suggestion}` : code,
  );
}

describe('ignore comments', () => {
  it('hold for their line', () => {
    expect(run('acl {unused-acl} # tandem: ignore unused-acl\nacl {unused-acl}\n')).toEqual(['unused-acl']);
  });

  it('hold for the next line that says something when they stand alone', () => {
    expect(run('  # tandem: ignore unused-acl shadowed-rule\n\n# why\nacl {unused-acl} {shadowed-rule}\n')).toEqual([]);
    expect(run('# tandem: ignore unused-acl\nacl {shadowed-rule}\nacl {unused-acl}')).toEqual([
      'shadowed-rule',
      'unused-acl',
    ]);
  });

  it('take several codes and both signs of keepalived.conf', () => {
    expect(run('x {unused-acl} {odd} ! tandem: ignore unused-acl, odd')).toEqual([]);
  });

  it('silence warnings of the languages, not their errors', () => {
    expect(run('x {odd} # tandem: ignore odd\n')).toEqual([]);
    expect(run('x {odd!} # tandem: ignore odd\n')).toEqual(['odd', 'useless-ignore']);
    expect(run('x {unused-acl!} # tandem: ignore unused-acl\n')).toEqual([]);
  });

  it('are reported when nothing has their code', () => {
    expect(run('x # tandem: ignore unused-acls\n')).toEqual(['useless-ignore unused-acl']);
    expect(run('x # tandem: ignore unused-acl\n')).toEqual([]);
  });

  it('are no part of a word', () => {
    expect(run('x{unused-acl}#tandem: ignore unused-acl\n')).toEqual(['unused-acl']);
  });
});
