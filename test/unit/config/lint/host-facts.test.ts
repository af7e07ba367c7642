import { describe, expect, it } from 'vitest';
import { parseHostFacts } from '../../../../src/config/lint/host-facts.ts';

describe('host facts', () => {
  it('are read part by part', () => {
    const text =
      '{"interfaces":{"eth0":["192.0.2.1/24"]},"files":{"/bin/x":"0755 root","/bin/y":"700"},"sysctls":{"a":1}}';
    expect(parseHostFacts(text)).toEqual({
      interfaces: new Map([['eth0', ['192.0.2.1/24']]]),
      users: null,
      files: new Map([
        ['/bin/x', { mode: 0o755, owner: 'root' }],
        ['/bin/y', { mode: 0o700, owner: null }],
      ]),
      sysctls: new Map([['a', '1']]),
    });
    expect(parseHostFacts('{"files":["/bin/x"],"users":["root"]}')).toMatchObject({
      files: new Map([['/bin/x', null]]),
      users: new Set(['root']),
    });
  });

  it.each([
    ['{', /JSON|position/],
    ['[]', /an object/],
    ['{"interface":{}}', /'interface' is none of/],
    ['{"interfaces":{"eth0":"192.0.2.1"}}', /^interfaces: /],
    ['{"users":"root"}', /^users: /],
    ['{"files":{"/bin/x":"rwx"}}', /^files: /],
    ['{"sysctls":{"a":[]}}', /^sysctls: /],
  ])('%s is refused', (text, problem) => {
    expect(parseHostFacts(text)).toMatch(problem);
  });
});
