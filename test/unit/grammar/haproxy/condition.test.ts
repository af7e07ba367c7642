import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConditionFacts, evaluateCondition } from '../../../../grammar/haproxy/condition.ts';

const facts: ConditionFacts = {
  env: new Map([
    ['A', 'x'],
    ['B', 'b c'],
  ]),
  version: [2, 6, 0],
  opensslVersion: [3, 0, 13],
  features: new Set(['EPOLL']),
  enabled: new Set(['SPLICE']),
};

describe('evaluateCondition', () => {
  it.each([
    ['1', true],
    ['0', false],
    ['!0', true],
    ['defined(A)', true],
    ['defined(NONE)', false],
    ['streq("$A",x)', true],
    ['streq("$B",b c)', true],
    ['streq("$B","b c")', true],
    ['strneq("$A",x)', false],
    ['strstr("$B",c)', true],
    ['version_atleast(2.6)', true],
    ['version_atleast(2.6.1)', false],
    ['version_atleast(3.0)', false],
    ['version_before(2.10)', true],
    ['version_before(2.4-dev5)', false],
    ['openssl_version_atleast(3.0.0)', true],
    ['openssl_version_before(1.1.1)', false],
    ['feature(EPOLL) && !feature(QUIC)', true],
    ['enabled(SPLICE)', true],
    ['0 || 1 && 0', false],
    ['(0 || 1) && !(0)', true],
    [' ( 1 ) ', true],
    ['1||0', true],
  ])('%s is %s', (text, value) => {
    expect(evaluateCondition(text, facts)).toBe(value);
  });

  it.each([
    ['foo', 'unparsable', 0],
    ['foo(1)', 'unparsable', 0],
    ['1 2', 'unexpected character', 2],
    ['(1', 'missing closing', 2],
    ['streq(a', 'missing closing', 7],
    ['streq(a)', 'expects 2', 0],
    ['1 &&', 'unparsable', 4],
    ['defined("A)', 'missing closing', 11],
  ])('%s is refused', (text, problem, at) => {
    const failure = evaluateCondition(text, facts);
    expect(failure).toMatchObject({ problem: expect.stringContaining(problem), at });
  });

  it('ends on anything', () => {
    const piece = fc.constantFrom('(', ')', '!', '&&', '||', 'streq(', ',', '"', "'", '\\', '1', ' ', 'a');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const value = evaluateCondition(pieces.join(''), facts);
        expect(typeof value === 'boolean' || value.at >= 0).toBe(true);
      }),
    );
  });
});
