import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { transformSync } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader, LineWriter, makeQueueMemory } from '../../../src/log/line-queue.ts';

function write(writer: LineWriter, text: string): boolean {
  const bytes = Buffer.from(text);
  return writer.write(bytes, bytes.length);
}

function readAll(reader: LineReader): string[] {
  const lines: string[] = [];
  for (let line = reader.peek(); line !== null; line = reader.peek()) {
    lines.push(line.toString());
    reader.drop(line);
  }
  return lines;
}

describe('a queue of lines', () => {
  it('gives lines back in order, whatever is read and written between', () => {
    const steps = fc.array(fc.oneof(fc.string({ maxLength: 400 }), fc.constant(null)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (all) => {
        const memory = makeQueueMemory(1024);
        const writer = new LineWriter(memory, () => {});
        const reader = new LineReader(memory);
        const expected: string[] = [];
        const got: string[] = [];
        for (const step of all) {
          if (step === null) got.push(...readAll(reader));
          else if (write(writer, step)) expected.push(step);
        }
        got.push(...readAll(reader));
        expect(got).toEqual(expected);
      }),
    );
  });

  it('refuses what does not fit, and takes it once there is room', () => {
    const memory = makeQueueMemory(1024);
    const writer = new LineWriter(memory, () => {});
    const reader = new LineReader(memory);
    expect(write(writer, 'x'.repeat(1020))).toBe(true);
    expect(write(writer, '')).toBe(false);
    expect(write(writer, 'y')).toBe(false);
    expect(readAll(reader)).toHaveLength(1);
    expect(write(writer, 'y')).toBe(true);
    expect(write(writer, 'z'.repeat(1020))).toBe(false);
  });

  it('tells the reader once until it listens again', () => {
    const memory = makeQueueMemory(1024);
    let told = 0;
    const writer = new LineWriter(memory, () => told++);
    const reader = new LineReader(memory);
    write(writer, 'a');
    write(writer, 'b');
    expect(told).toBe(1);
    reader.listen();
    readAll(reader);
    write(writer, 'c');
    expect(told).toBe(2);
  });

  it('carries lines from thread to thread', async () => {
    const memory = makeQueueMemory(4096);
    const count = 20_000;
    const file = new URL('../../../src/log/line-queue.ts', import.meta.url).pathname;
    const { code } = transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'cjs' });
    const writing = `
      const { workerData } = require('node:worker_threads');
      const writer = new module.exports.LineWriter(workerData.memory, () => {});
      for (let i = 0; i < workerData.count; ) {
        const line = Buffer.from('line ' + i);
        if (writer.write(line, line.length)) i++;
      }`;
    const worker = new Worker(code + writing, { eval: true, workerData: { memory, count } });
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const reader = new LineReader(memory);
    let next = 0;
    const end = performance.now() + 4000;
    while (next < count && performance.now() < end) {
      for (const line of readAll(reader)) expect(line).toBe(`line ${next++}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(next).toBe(count);
    await exited;
  });
});
