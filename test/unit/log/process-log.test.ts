import { describe, expect, it } from 'vitest';
import { formatHaproxyLine, formatKeepalivedLine } from '../../../src/log/process-log.ts';

describe('process log lines', () => {
  it('look as the originals write them', () => {
    expect(formatHaproxyLine('error', 12, 'no')).toBe('[ALERT]    (12) : no');
    expect(formatHaproxyLine('warning', 12, 'no')).toBe('[WARNING]  (12) : no');
    expect(formatHaproxyLine('notice', 12, 'no')).toBe('[NOTICE]   (12) : no');
    expect(formatKeepalivedLine(new Date(2026, 10, 2, 3, 4, 5), 'x')).toBe('Mon Nov  2 03:04:05 2026: x');
    expect(formatKeepalivedLine(new Date(2026, 10, 20, 13, 48, 41), 'x')).toBe('Fri Nov 20 13:48:41 2026: x');
  });
});
