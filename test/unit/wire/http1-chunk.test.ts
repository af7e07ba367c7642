import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BAD, CHUNK_DONE, CHUNK_MORE, ChunkDecoder, RECODED } from '../../../src/wire/http1-chunk.ts';
import { chunkCases } from './http1-cases.ts';

function feedAll(text: string): { result: number; consumed: number; contentLength: number } {
  const bytes = Buffer.from(text, 'latin1');
  const decoder = new ChunkDecoder();
  const result = decoder.feed(bytes, 0, bytes.length);
  return { result, consumed: decoder.consumed, contentLength: decoder.contentLength };
}

describe('chunked bodies', () => {
  for (const { name, body, valid } of chunkCases) {
    it(`${name}: ${valid ? 'ends' : 'is refused'}`, () => {
      const { result, consumed } = feedAll(`${body}NEXT`);
      if (valid) expect({ result, consumed }).toEqual({ result: CHUNK_DONE, consumed: body.length });
      else expect(result).toBe(CHUNK_BAD);
    });
  }

  it('tells content from framing', () => {
    expect(feedAll('3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n').contentLength).toBe(5 + 'T1'.length + 1);
  });

  it('puts names of trailers into lower case, and nothing else', () => {
    const bytes = Buffer.from('2\r\nAB\r\n0\r\nX-One: A\r\nTWO:B\r\n\r\n', 'latin1');
    const decoder = new ChunkDecoder();
    expect(decoder.feed(bytes, 0, bytes.length)).toBe(CHUNK_DONE);
    expect(bytes.toString('latin1')).toBe('2\r\nAB\r\n0\r\nx-one: A\r\ntwo:B\r\n\r\n');
  });

  it('wants more until the last byte', () => {
    const body = '3;e\r\nabc\r\n0\r\nT: 1\r\n\r\n';
    for (let cut = 0; cut < body.length; cut++) {
      expect(feedAll(body.slice(0, cut))).toMatchObject({ result: CHUNK_MORE, consumed: cut });
    }
  });

  it('names the byte that breaks the framing', () => {
    expect(feedAll('2\r\nabX')).toMatchObject({ result: CHUNK_BAD, consumed: 5 });
  });

  it('bounds size lines and trailers', () => {
    expect(feedAll(`2;${'x'.repeat(10_000)}`).result).toBe(CHUNK_BAD);
    expect(feedAll(`0\r\n${'T: 1234567\r\n'.repeat(1000)}`).result).toBe(CHUNK_BAD);
    expect(feedAll('0'.repeat(100)).result).toBe(CHUNK_BAD);
  });

  it('takes sizes up to 2^53 and no further', () => {
    expect(feedAll('1FFFFFFFFFFFFF\r\nab').result).toBe(CHUNK_MORE);
    expect(feedAll('20000000000000\r\nab').result).toBe(CHUNK_BAD);
  });

  it('starts anew after reset', () => {
    const decoder = new ChunkDecoder();
    const bytes = Buffer.from('1\r\na\r\n0\r\n\r\n');
    expect(decoder.feed(bytes, 0, bytes.length)).toBe(CHUNK_DONE);
    expect(decoder.feed(bytes, 0, bytes.length)).toBe(CHUNK_BAD);
    decoder.reset();
    expect(decoder.feed(bytes, 0, bytes.length)).toBe(CHUNK_DONE);
  });
});

function recodeAll(
  text: string,
  cuts: readonly number[] = [],
  dropsTrailers = false,
): { result: number; text: string } {
  const bytes = Buffer.from(text, 'latin1');
  const decoder = new ChunkDecoder();
  decoder.dropsTrailers = dropsTrailers;
  const out = new Uint8Array(bytes.length + RECODED);
  let written = '';
  let result: number = CHUNK_MORE;
  const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
  let start = 0;
  for (const end of ends) {
    if (result !== CHUNK_MORE) break;
    result = decoder.recode(bytes, start, end, out, 7);
    written += Buffer.from(out.subarray(7, decoder.written)).toString('latin1');
    start = end;
  }
  return { result, text: written };
}

describe('chunked bodies written anew', () => {
  it('have one chunk for what comes at once, and no extensions', () => {
    expect(recodeAll('003;a=b\r\nabc\r\n10\r\n0123456789abcdef\r\n0;last\r\n\r\n').text).toBe(
      '13\r\nabc0123456789abcdef\r\n0\r\n\r\n',
    );
  });

  it('have trailers in one form, without those of a head', () => {
    const body = '1\r\na\r\n0\r\nX-Sum:  1 2 \r\nContent-Length: 5\r\nEmpty:\r\nB:c:\r\nHost: a\r\n\r\n';
    expect(recodeAll(body).text).toBe('1\r\na\r\n0\r\nx-sum: 1 2\r\nempty: \r\nb: c:\r\n\r\n');
    expect(recodeAll(body, [], true).text).toBe('1\r\na\r\n0\r\n\r\n');
  });

  it('have the same content however they are cut', () => {
    const content = fc.array(fc.string({ minLength: 1, maxLength: 300 }), { maxLength: 6 });
    fc.assert(
      fc.property(content, fc.array(fc.nat(2000)), (parts, cuts) => {
        const latin1 = parts.map((part) => Buffer.from(part, 'utf8').toString('latin1'));
        const body = latin1.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
        const { result, text } = recodeAll(`${body}0\r\nT: x\r\n\r\n`, cuts);
        expect(result).toBe(CHUNK_DONE);
        expect(contentOf(text)).toBe(latin1.join(''));
        expect(text.endsWith('0\r\nt: x\r\n\r\n')).toBe(true);
      }),
    );
  });

  it('are as broken as before', () => {
    for (const { body, valid } of chunkCases) expect(recodeAll(body).result === CHUNK_BAD).toBe(!valid);
  });
});

/** Of well-formed chunks. */
function contentOf(text: string): string {
  let content = '';
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, line), 16);
    if (size === 0) return content;
    content += text.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}
