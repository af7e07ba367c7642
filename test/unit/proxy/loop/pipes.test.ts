import { describe, expect, it } from 'vitest';
import { openPipe, spliceBytes } from '../../../../src/os/pipe.ts';
import { closeFd } from '../../../../src/os/socket.ts';
import { PipePool } from '../../../../src/proxy/loop/pipes.ts';
import { preparePipes, SPLICE_REQUEST, SPLICE_RESPONSE, spliceDirections } from '../../../../src/proxy/splicing.ts';
import { makeGlobal, makeProxy } from '../configuration.ts';

const none = { auto: false, request: false, response: false };

describe('the pool of pipes', () => {
  it('gives no more than it may, and what came back empty once more', () => {
    const pool = new PipePool(2, 0);
    const [first, second] = [pool.take()!, pool.take()!];
    expect(first.readFd).not.toBe(second.readFd);
    expect(pool.take()).toBeNull();
    first.giveBack();
    expect(pool.take()).toBe(first);
    for (const pipe of [first, second]) pipe.giveBack();
  });

  it('never gives a pipe again that still holds bytes', () => {
    const pool = new PipePool(1, 0);
    const pipe = pool.take()!;
    pipe.held = 5;
    pipe.giveBack();
    const next = pool.take()!;
    expect(next).not.toBe(pipe);
    expect(next.held).toBe(0);
    next.giveBack();
  });

  it('opens pipes that do not block', () => {
    const [from, to] = [openPipe(1 << 16), openPipe(0)];
    if (typeof from === 'number' || typeof to === 'number') throw new Error('no pipes');
    expect(spliceBytes(from.readFd, to.writeFd, 100)).toBe(-11);
    for (const fd of [from.readFd, from.writeFd, to.readFd, to.writeFd]) expect(closeFd(fd)).toBe(0);
  });
});

describe('which directions are spliced', () => {
  it.each([
    [{}, {}, 0],
    [{ auto: true }, {}, SPLICE_REQUEST | SPLICE_RESPONSE],
    [{}, { auto: true }, SPLICE_REQUEST | SPLICE_RESPONSE],
    [{ request: true }, {}, SPLICE_REQUEST],
    [{}, { response: true }, SPLICE_RESPONSE],
    [{ request: true }, { response: true }, SPLICE_REQUEST | SPLICE_RESPONSE],
  ])('frontend %o, backend %o', (front, back, directions) => {
    const [frontend, backend] = [front, back].map((given) => makeProxy({ splice: { ...none, ...given } }));
    expect(spliceDirections(frontend!, backend!)).toBe(directions);
  });

  it('has pipes only where somebody asks for them', () => {
    const asks = makeProxy({ splice: { ...none, auto: true } });
    expect(preparePipes(makeGlobal(), [makeProxy()], 100, 1)).toBeNull();
    expect(preparePipes(makeGlobal(), [asks], 100, 1)).not.toBeNull();
    const pipes = { noSplice: false, maxPipes: null, size: 0 };
    expect(preparePipes(makeGlobal({ pipes: { ...pipes, noSplice: true } }), [asks], 100, 1)).toBeNull();
    expect(preparePipes(makeGlobal({ pipes: { ...pipes, maxPipes: 0 } }), [asks], 100, 1)).toBeNull();
  });

  it('shares a quarter of the sessions out between the workers', () => {
    const asks = makeProxy({ splice: { ...none, auto: true } });
    const pool = preparePipes(makeGlobal(), [asks], 16, 2)!;
    const taken = [pool.take(), pool.take()];
    expect(taken.every((pipe) => pipe !== null)).toBe(true);
    expect(pool.take()).toBeNull();
    for (const pipe of taken) pipe?.giveBack();
  });
});
