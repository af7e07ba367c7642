// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is keepalived's syntax here
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../../../grammar/diagnostic.ts';
import { type ExpandOptions, expand, LIMITS } from '../../../../grammar/keepalived/expand.ts';
import { positionOf, sourceOf } from '../../../../grammar/source.ts';
import { measureMs } from '../../../elapsed.ts';

const files: Readonly<Record<string, string>> = {
  'b.conf': 'from b\n',
  'c.conf': 'from c\ninclude b.conf\n',
  'self.conf': 'before\ninclude self.conf\nafter\n',
  'ping.conf': 'include pong.conf\n',
  'pong.conf': 'include ping.conf\n',
};

const options: ExpandOptions = {
  configId: 'here',
  env: (name) => (name === 'HOME' ? '/root' : undefined),
  directoryOf: () => '/etc/keepalived',
  include: (pattern) =>
    pattern in files
      ? [{ name: pattern, identity: pattern, source: sourceOf(pattern, Buffer.from(files[pattern]!)) }]
      : [],
};

function run(text: string) {
  const diagnostics = new Diagnostics();
  const source = sourceOf('main.conf', Buffer.from(text, 'latin1'));
  const { text: expanded } = expand(source, 'main.conf', options, diagnostics);
  return { expanded, lines: expanded.text.split('\n').slice(0, -1), codes: diagnostics.list.map((each) => each.code) };
}

/** Where the n-th occurrence of a word came from: "file line:column". */
function placeOf(text: string, word: string): string {
  const { expanded } = run(text);
  const start = expanded.text.indexOf(word);
  const { at } = expanded.locate(start, start + word.length)!;
  const { line, column } = positionOf(at.source, at.start);
  return `${at.source.file} ${line}:${column} ${at.source.text.slice(at.start, at.end)}`;
}

describe('expanding a file', () => {
  const cases: [what: string, text: string, lines: string[]][] = [
    ['drops comments', 'a # x\n! y\nb!z\n', ['a ', 'b']],
    ['keeps comment signs in double quotes', 'a "b # c ! d"\n', ['a "b # c ! d"']],
    ['keeps escaped comment signs', 'a \\#b\\! c\n', ['a #b! c']],
    ['replaces a definition', '$A=x y\nb $A c\n', ['b x y c']],
    ['replaces within a word and in quotes', '$A=x\nb${A}c "d ${A}"\n', ['bxc "d x"']],
    ['replaces a bare name before a blank, a comma and a parenthesis', '$A=x\n$A,$A) $A\n', ['x,x) x']],
    ['takes a condition from a definition', '$C=@there\n$D=@here\n$C a\n$D b\n', [' b']],
    ['takes conditions within a value', '$A=x \\\n @here y \\\n @there z\n$A\n', ['x', ' y']],
    ['takes definitions within a value', '$V=a${N}\n$A=x \\\n $N=1 \\\n $V \\\n $N=2 \\\n $V\n$A\n', ['x', 'a1', 'a2']],
    ['takes one condition a line', '@here @there a\n', [' @there a']],
    ['counts down from -1', '~SEQ(i,-2) $i\n', ['-1', '-2']],
    ['counts from hexadecimal', '~SEQx(i,0x9,0xa) $i\n', ['9', 'a']],
    ['replaces at the time of use', '$A=1\n$B=${A}${A}\n$A=2\n$B\n', ['22']],
    ['keeps the quotes of a value', '$A="x # y"\n$A\n', ['"x # y"']],
    ['leaves undefined names as they are', 'a $B "$C"\n', ['a $B "$C"']],
    ['makes lines of a multi-line value', '$A=x \\\n y {\\\n z \\\n }\nk $A\n', ['k x', 'y {', 'z', '}']],
    ['goes on behind a comment in a multi-line value', '$A=x \\\n #no \\\n y\n$A\n', ['x', 'y']],
    ['takes a line under its condition', '@here a\n@there b\n@^here c\n@^there d\n', [' a', ' d']],
    ['takes a definition under its condition', '@here $A=1\n@there $A=2\n$A\n', ['1']],
    ['counts with ~SEQ', '~SEQ(i,1,3) a$i\n', ['a1', 'a2', 'a3']],
    ['counts from 1', '~SEQ(i,2) $i\n', ['1', '2']],
    ['counts down by itself', '~SEQ(i,3,1) $i\n', ['3', '2', '1']],
    ['counts in steps', '~SEQ(i,5,-2,1) $i\n', ['5', '3', '1']],
    ['counts below zero', '~SEQ(i,-1,1) $i\n', ['-1', '0', '1']],
    ['counts in hexadecimal', '~SEQx(i,9,11) $i\n', ['9', 'a', 'b']],
    ['nests sequences', '~SEQ(i,1,2)~SEQ(j,5,6) ${i}$j\n', ['15', '16', '25', '26']],
    ['takes definitions as limits', '$N=2\n~SEQ(i,1,$N) $i\n', ['1', '2']],
    ['repeats a multi-line value', '$A=x$i \\\n y$i\n~SEQ(i,1,2) $A\n', ['x1', 'y1', 'x2', 'y2']],
    [
      'repeats a line of a multi-line value',
      '$R=r$i \\\n s$i\n$A=x \\\n ~SEQ(i,1,2) $R\n$A\n',
      ['x', 'r1', 's1', 'r2', 's2'],
    ],
    ['lists with ~LST', '~LST(i,a,b) $i\n', ['a', 'b']],
    ['lists groups', '~LST({i,j},{1,2},{3}) ${i}_$j\n', ['1_2', '3_']],
    ['knows ${_ENV}', 'a ${_ENV HOME}\n', ['a /root']],
    ['knows ${_PWD}', 'a ${_PWD}\n', ['a /etc/keepalived']],
    ['knows ${_INSTANCE}', 'a ${_INSTANCE}\n', ['a here']],
    ['knows ${_HASH} and ${_BANG}', 'a ${_HASH}${_BANG}\n', ['a #!']],
    ['includes', 'a\ninclude c.conf\nb\n', ['a', 'from c', 'from b', '', '', 'b']],
    ['strips the quotes of a file name', 'include "b.conf" # why\n', ['from b', '']],
  ];
  it.each(cases)('%s', (_what, text, lines) => {
    const result = run(text);
    expect(result.lines).toEqual(lines);
    expect(result.codes.filter((code) => code !== 'undefined-parameter')).toEqual([]);
  });

  const bad: [text: string, code: string][] = [
    ['a $B\n', 'undefined-parameter'],
    ['$A=1\na $A/24\n', 'unreplaced-parameter'],
    ['\xef\xbb\xbfa\n', 'byte-order-mark'],
    ['a ${B}\n', 'undefined-parameter'],
    ['a ${_ENV NOSUCH}\n', 'undefined-environment'],
    ['$A=${A}\n$A\n', 'definition-loop'],
    ['$A=x $B\n$B=y $A\n$A\n', 'definition-loop'],
    ['$A=x \\\n y\n$A z\n', 'multiline-not-at-end'],
    ['~SEQ(i,1,\n', 'bad-sequence'],
    ['~SEQ(i,1,x) $i\n', 'bad-sequence'],
    ['~SEQ(1,2) x\n', 'bad-sequence'],
    ['~SEQ(i,1,0,5) $i\n', 'bad-sequence'],
    ['~SEQ(i,1,-1,5) $i\n', 'bad-sequence'],
    ['~SEQx(i,-1,5) $i\n', 'bad-sequence'],
    ['~LST({i,j},{1,2,3}) $i\n', 'bad-sequence'],
    ['~LST({i,j,{1,2}) $i\n', 'bad-sequence'],
    ['~SEQ(i,1,99999999) $i\n', 'expansion-too-large'],
    ['include nosuch.conf\n', 'include-missing'],
    ['include self.conf\n', 'include-loop'],
    ['include ping.conf\n', 'include-loop'],
    ['a\0b\n', 'not-text'],
  ];
  it.each(bad)('reports %j as %s', (text, code) => {
    expect(run(text).codes).toContain(code);
  });

  it('keeps reading behind an include loop', () => {
    expect(run('include self.conf\nend\n').lines).toEqual(['before', 'after', '', 'end']);
  });

  it.each([
    ['a word of the file', 'a  b\n', 'b', 'main.conf 1:4 b'],
    ['a word behind an escape', 'x\\#y z\n', 'z', 'main.conf 1:6 z'],
    ['the value of a definition', '$A=x yy\nk $A\n', 'yy', 'main.conf 1:6 yy'],
    ['a line of a multi-line value', '$A=x \\\n  yy\nk $A\n', 'yy', 'main.conf 2:3 yy'],
    ['a number of a sequence', '~SEQ(i,7,7) k $i\n', '7', 'main.conf 1:15 $i'],
    ['an included file', 'a\ninclude c.conf\n', 'c', 'c.conf 1:6 c'],
  ])('knows the place of %s', (_what, text, word, place) => {
    expect(placeOf(text, word)).toBe(place);
  });

  it('says where a definition was used', () => {
    const { expanded } = run('$A=xx\nk $A\n');
    const start = expanded.text.indexOf('xx');
    const { notes } = expanded.locate(start, start + 2)!;
    expect(notes.map(({ at }) => positionOf(at!.source, at!.start))).toEqual([{ line: 2, column: 3 }]);
  });

  it('stops a configuration that grows without end', () => {
    const names = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
    const bomb = names.map((name, i) => `$${name}=${`\${${names[i + 1] ?? 'END'}}`.repeat(10)}`).join('\n');
    const ms = measureMs(() => {
      const { expanded, codes } = run(`${bomb}\n$END=boom\n$A\n`);
      expect(codes).toContain('expansion-too-large');
      expect(expanded.length).toBeLessThan(LIMITS.characters * 2);
    });
    expect(ms).toBeLessThan(5000);
  });

  it('stops nested sequences', () => {
    const { codes } = run(`${'~SEQ(i,1,9999)'.repeat(10)} x$i\n`);
    expect(codes).toContain('expansion-too-large');
  });

  it('is bounded for any text', () => {
    const bits = fc.constantFrom(
      '$A',
      '${A}',
      '$A=',
      '$B=',
      '$B',
      '~SEQ(i,1,9)',
      '~LST(i,a,b)',
      '$i',
      '@here ',
      '\\\n',
      '\n',
      ' ',
      '"',
      '{',
      '}',
      '#',
      'x',
      'include self.conf\n',
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 80 }), (list) => {
        expect(run(list.join('')).expanded.length).toBeLessThan(LIMITS.characters * 2);
      }),
      { numRuns: 1000 },
    );
  });
});
