import { describe, expect, it } from 'vitest';
import type { ErrorPageConf } from '../../../../src/config/http-options.ts';
import { prepareErrorPages } from '../../../../src/proxy/http/error-pages.ts';
import { buildUnauthorized, errorPage, unreadPage } from '../../../../src/proxy/http/errors.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('error pages', () => {
  it('come with and without the end of the connection', () => {
    const page = errorPage(503);
    expect(text(page.write(11, true, false))).not.toContain('connection:');
    expect(text(page.write(11, false, false))).toContain('connection: close\r\n\r\n<html>');
    expect(text(page.write(10, true, false))).toContain('connection: keep-alive\r\n\r\n<html>');
    expect(text(page.write(11, true, true))).toMatch(/\r\n\r\n$/);
    expect(text(errorPage(400).write(11, true, false))).toContain('connection: close');
    expect(text(errorPage(200).write(11, true, false))).toContain('Service ready.');
  });

  it('announce the length of their body', () => {
    for (const status of [400, 408, 422, 502, 503, 504] as const) {
      const page = errorPage(status);
      for (const bytes of [page.write(11, true, false), page.write(11, false, false), unreadPage(status)]) {
        const [head, body = ''] = text(bytes).split('\r\n\r\n');
        expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
        expect(/content-length: (\d+)/i.exec(head!)![1]).toBe(String(body.length));
        expect(page.body.length).toBe(body.length);
      }
    }
  });

  it('ask for a password in quotes that a realm cannot leave', () => {
    expect(text(buildUnauthorized('a"b\\', true))).toMatch(/realm="a\\"b\\\\"\r\n\r\n<html>/);
  });
});

const file = (content: string, status = 503): ErrorPageConf => ({
  kind: 'file',
  status,
  path: 'a.http',
  text: content,
});

describe('error pages of a configuration', () => {
  it('are written anew, without what the file says about the connection', () => {
    const pages = prepareErrorPages(
      [file('HTTP/1.1 503 Sorry\nContent-Length: 2\nConnection: close\nX-A: b\n\nhi')],
      null,
    );
    const page = pages!.get(503)!;
    expect(text(page.write(11, true, false))).toBe('HTTP/1.1 503 Sorry\r\ncontent-length: 2\r\nx-a: b\r\n\r\nhi');
    expect(text(page.write(11, true, true))).toBe('HTTP/1.1 503 Sorry\r\ncontent-length: 2\r\nx-a: b\r\n\r\n');
  });

  it('end with the connection when the file tells no length', () => {
    const page = prepareErrorPages([file('HTTP/1.1 503 Sorry\r\n\r\nhi')], null)!.get(503)!;
    expect(text(page.write(11, true, false))).toBe('HTTP/1.1 503 Sorry\r\nconnection: close\r\n\r\nhi');
    const empty = prepareErrorPages([file('HTTP/1.1 204 No\r\n\r\n')], null)!.get(503)!;
    expect(text(empty.write(11, true, false))).toBe('HTTP/1.1 204 No\r\n\r\n');
  });

  it('lead elsewhere, or say nothing, and stand before others of the same status', () => {
    const base = prepareErrorPages([file('', 408), file('', 503)], null);
    const pages = prepareErrorPages([{ kind: 'location', status: 503, redirect: 303, location: '/sorry' }], base)!;
    expect(text(pages.get(503)!.write(11, true, false))).toBe(
      'HTTP/1.1 303 See Other\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: /sorry\r\n\r\n',
    );
    expect(pages.get(408)!.silent).toBe(true);
    expect(pages.get(503)!.silent).toBe(false);
  });
});
