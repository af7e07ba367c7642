import { describe, expect, it } from 'vitest';
import { buildUnauthorized, errorPage, MONITOR_PAGE } from '../../../src/proxy/errors.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('error pages', () => {
  it('come with and without the end of the connection', () => {
    const page = errorPage(503);
    expect(text(page.kept)).not.toContain('connection:');
    expect(text(page.closing)).toContain('connection: close\r\n\r\n<html>');
    expect(text(errorPage(400).kept)).toContain('connection: close');
    expect(text(MONITOR_PAGE.kept)).toContain('Service ready.');
  });

  it('announce the length of their body', () => {
    for (const status of [400, 408, 422, 502, 503, 504] as const) {
      const page = errorPage(status);
      for (const bytes of [page.kept, page.closing, page.unread]) {
        const [head, body = ''] = text(bytes).split('\r\n\r\n');
        expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
        expect(/content-length: (\d+)/i.exec(head!)![1]).toBe(String(body.length));
        expect(page.bodyLength).toBe(body.length);
      }
    }
  });

  it('ask for a password in quotes that a realm cannot leave', () => {
    expect(text(buildUnauthorized('a"b\\', true))).toMatch(/realm="a\\"b\\\\"\r\n\r\n<html>/);
  });
});
