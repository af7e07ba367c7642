import { describe, expect, it } from 'vitest';
import { CHUNK_BAD, CHUNK_DONE, CHUNK_MORE, ChunkDecoder } from '../../../src/wire/http1-chunk.ts';
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
