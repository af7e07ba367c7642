/** Sample expressions, ACL criteria and log formats: what is read of them, and what is wrong with bad ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCriterion } from '../../../../grammar/haproxy/expr/criterion.ts';
import { readLogFormat } from '../../../../grammar/haproxy/expr/log-format.ts';
import { readSample } from '../../../../grammar/haproxy/expr/sample.ts';
import { signatures } from '../../../../grammar/haproxy/expr/sample-signature.ts';
import type { Language } from '../../../../grammar/haproxy/keyword.ts';

const current: Language = { release: [3, 4], lenient: false };
const older: Language = { release: [2, 6], lenient: false };

function problemOf(text: string, language = current): string {
  const sample = readSample(text, language);
  return 'problem' in sample ? sample.problem : 'none';
}

function criterion(text: string, language = current) {
  const at = { source: { file: 'x', text }, start: 0, end: text.length };
  return readCriterion(
    text.split(' ').map((word) => ({ text: word, at })),
    language,
  );
}

describe('sample expressions', () => {
  it('are a fetch and converters with their arguments', () => {
    const sample = readSample(`req.hdr(host,1),field(1,:),regsub("a,b",'(c)',gi),lower`, current);
    expect(sample).toMatchObject({
      fetch: { name: 'req.hdr', args: ['host', '1'] },
      converters: [
        { name: 'field', args: ['1', ':'] },
        { name: 'regsub', args: ['a,b', '(c)', 'gi'] },
        { name: 'lower', args: [] },
      ],
      output: 'str',
    });
  });

  it.each([
    ['src,ipmask(24),lower,length', 'sint'],
    ['path,crc32', 'sint'],
    ['path,sha1', 'bin'],
    ['path,sha1,base64', 'str'],
    ['src', 'addr'],
    ['int(5),even', 'bool'],
    ['path,debug', 'str'],
  ])('%s gives %s', (text, output) => {
    expect(readSample(text, current)).toMatchObject({ output });
  });

  it.each([
    ['bin(00),add(1)', "converter 'add' cannot be applied."],
    ['method,add(1)', "converter 'add' cannot be applied."],
    ['ipv6(::1),add(1)', "converter 'add' cannot be applied."],
    ['path(a', "fetch method 'path' : expected ')'."],
    ['str(a(b))', "missing comma after fetch method 'str'."],
    ['var(a)', 'invalid variable name'],
    ['path,field(a,/)', "failed to parse 'a' as type 'integer' at position 1."],
    ['path,field(1)', 'missing arguments (got 1/2)'],
    ['path,ipmask(99)', "failed to parse '99' as type 'IPv4 mask' at position 1."],
    ['bin(0)', 'an even number of hex digit is expected.'],
    ['', 'missing fetch method'],
    ['path_beg', "unknown fetch method 'path_beg'."],
    ['path,zork', "unknown converter 'zork'."],
  ])('%s: %s', (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it('know only what their release has', () => {
    expect(problemOf('fc_nb_streams', older)).toContain('unknown fetch method');
    expect(problemOf('fc_nb_streams')).toBe('none');
    expect(problemOf('path,reverse', older)).toContain('unknown converter');
    expect(problemOf('path,reverse')).toBe('none');
  });

  it('name tables, proxies and user lists', () => {
    const references = (text: string) => {
      const sample = readSample(text, current);
      return 'problem' in sample ? [] : sample.references.map(({ kind, name }) => `${kind} ${name}`);
    };
    expect(references('src_conn_cnt')).toEqual(['table ']);
    expect(references('src_conn_cnt(t)')).toEqual(['table t']);
    expect(references('sc0_conn_cnt')).toEqual([]);
    expect(references('sc0_conn_cnt()')).toEqual(['table ']);
    expect(references('path,in_table(t)')).toEqual(['table t']);
    expect(references('nbsrv(b)')).toEqual(['backend b']);
    expect(references('http_auth(u)')).toEqual(['userlist u']);
  });

  it('have tables of the size of the reference', () => {
    const { fetches, converters, criteria } = signatures();
    expect([fetches.size, converters.size, criteria.size]).toEqual([561, 209, 77]);
  });

  it('end on anything', () => {
    const piece = fc.constantFrom(
      'src',
      'path',
      ',',
      '(',
      ')',
      '"',
      "'",
      '\\',
      'lower',
      'field(1,/)',
      '%[',
      ']',
      ' ',
      '5',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const sample = readSample(text, current);
        if (!('problem' in sample)) expect(sample.end).toBeLessThanOrEqual(text.length);
        const items = readLogFormat(`%[${text}`, current);
        if ('problem' in items) expect(items.at).toBeLessThanOrEqual(text.length + 2);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('criteria', () => {
  it('have a method, flags and values', () => {
    expect(criterion('path_beg -i -f list /a /b')).toMatchObject({
      method: 'beg',
      ignoresCase: true,
      files: [{ text: 'list' }],
      values: [{ text: '/a' }, { text: '/b' }],
    });
    expect(criterion('src 10.0.0.0/8')).toMatchObject({ method: 'ip' });
    expect(criterion('src_port gt 1024')).toMatchObject({ method: 'int' });
    expect(criterion('var(txn.a) -m str x')).toMatchObject({ method: 'str' });
    expect(criterion('path,lower -m end .css')).toMatchObject({ method: 'end' });
  });

  it.each([
    ['src 1.2.3.4/99', 'bad-pattern'],
    ['src_port 2:1', 'bad-pattern'],
    ['src_port abc', 'bad-pattern'],
    ['path_reg [a', 'bad-pattern'],
    ['path -m bin 0', 'bad-pattern'],
    ['path -m zork x', 'bad-value'],
    ['path -z x', 'bad-value'],
    ['var(txn.a) x', 'missing-match-method'],
    ['bin(00) 00', 'missing-match-method'],
    ['path_bge /', 'unknown-fetch'],
  ])('%s: %s', (text, code) => {
    expect(criterion(text)).toMatchObject({ code });
  });
});

describe('log formats', () => {
  it('are text, aliases and expressions', () => {
    expect(readLogFormat('%{+Q}o %ci:%cp [%t] 100%% %[src,lower]-%_', current)).toMatchObject([
      { kind: 'alias', name: 'o', flags: '+Q' },
      { kind: 'text', text: ' ' },
      { kind: 'alias', name: 'ci' },
      { kind: 'text', text: ':' },
      { kind: 'alias', name: 'cp' },
      { kind: 'text', text: ' [' },
      { kind: 'alias', name: 't' },
      { kind: 'text', text: '] 100' },
      { kind: 'text', text: '%' },
      { kind: 'text', text: ' ' },
      { kind: 'sample' },
      { kind: 'text', text: '-' },
      { kind: 'text', text: '_' },
    ]);
  });

  it.each([
    ['%zz', 'unknown-log-variable'],
    ['%Tss', 'unknown-log-variable'],
    ['a%20b', 'unknown-log-variable'],
    ['100%', 'bad-log-format'],
    ['%{+Q}', 'bad-log-format'],
    ['%{+Q', 'bad-log-format'],
    ['%[src', 'bad-log-format'],
    ['%[]', 'bad-sample'],
    ['%[src,zork]', 'unknown-converter'],
  ])('%s: %s', (text, code) => {
    expect(readLogFormat(text, current)).toMatchObject({ code });
  });
});
