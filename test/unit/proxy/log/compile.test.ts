import { describe, expect, it } from 'vitest';
import { resolveLogFormat } from '../../../../src/config/resolve-log-format.ts';
import { AT_END, WITH_ANSWER } from '../../../../src/proxy/log/aliases.ts';
import { type CompiledFormat, compileLogFormat, type FormatUse } from '../../../../src/proxy/log/compile.ts';
import { NEEDS_LOCAL, NEEDS_NUMBER, NEEDS_SOURCE } from '../../../../src/proxy/log/needs.ts';
import { SessionRecord } from '../../../../src/proxy/log/record.ts';
import { diagnosed, formatOf, home, makeWorld } from '../sample/evaluation.ts';

const world = makeWorld();

function compile(text: string, use: FormatUse = 'log'): CompiledFormat {
  return compileLogFormat(formatOf(text), world, home, use);
}

function record(changes: Partial<SessionRecord> = {}): SessionRecord {
  const at = Date.UTC(2026, 10, 20, 13, 33, 34, 89);
  return Object.assign(new SessionRecord(), {
    mode: 'http',
    clientHost: '10.1.2.3',
    clientPort: 258,
    localHost: '::1',
    localPort: 80,
    acceptedAtMs: at,
    requestAtMs: at + 5,
    frontend: 'web',
    backend: 'b',
    server: 's1',
    idleMs: 5,
    requestMs: 1,
    waitMs: 2,
    connectMs: 3,
    responseMs: 4,
    totalMs: 20,
    status: 200,
    bytes: 51,
    request: 'GET /x?y="1" HTTP/1.1',
    ...changes,
  });
}

function line(text: string, changes: Partial<SessionRecord> = {}, use: FormatUse = 'log'): string {
  return compile(text, use).build(record(changes));
}

describe('compiled formats', () => {
  it('print text, aliases and expressions', () => {
    expect(line('a%%b %ci:%cp %[src,ipmask(8)] %f')).toBe('a%b 10.1.2.3:258 10.0.0.0 web');
  });

  it('merge blanks', () => {
    expect(line('  a \t b  %f ')).toBe('a b web ');
  });

  it('leave blanks out behind captures that there are none of', () => {
    const captured = { requestHeaders: ['a|b', null], responseHeaders: [] };
    expect(line('a %hr %hs b')).toBe('a b');
    expect(line('a %hr %hs b', captured)).toBe('a {a#7Cb|} {} b');
    expect(line('a %hrl b', captured)).toBe('a a#7Cb - b');
    expect(line('a %{+Q}hrl b', captured)).toBe('a "a#7Cb" "" b');
    expect(line('%hr b')).toBe('b');
  });

  it('quote, escape and write hexadecimal', () => {
    const seconds = Math.floor(record().acceptedAtMs / 1000);
    const hex = seconds.toString(16).toUpperCase();
    const local = '00000000000000000000000000000001';
    expect(line('%{+Q}ci %{+X}ci %{+X}cp %{+X}Ts %{+X}fi')).toBe(`"10.1.2.3" 0A010203 0102 ${hex} ${local}`);
    expect(line('%{+E}b %{+Q,+E}b', { backend: 'x"\\]' })).toBe('x\\"\\\\\\] "x\\"\\\\\\]"');
    expect(line('%{+Q}r')).toBe('"GET /x?y=#221#22 HTTP/1.1"');
  });

  it('hand flags on', () => {
    expect(line('%{+Q}o %b %{-Q}s %f')).toBe('"b" s1 "web"');
    expect(line('%{+Q}o %{+X}ci %cp %bp')).toBe('0A010203 258 ""');
  });

  it('show a dash where there is nothing', () => {
    expect(line('%ID %CC %{+Q}CS %si %sp %bi %[srv_name] %{-M}ID.')).toBe('- - "" - - - - .');
    expect(line('%ID%CC%[srv_name].', {}, 'header')).toBe('.');
  });

  it('take the request apart', () => {
    expect(line('%HM %HP %HPO %HQ %HU %HV')).toBe('GET /x /x ?y=#221#22 /x?y=#221#22 HTTP/1.1');
    const bad = '<BADREQ> <BADREQ> <BADREQ> <BADREQ> <BADREQ> <BADREQ> <BADREQ>';
    expect(line('%HM %HP %HPO %HQ %HU %HV %r', { request: '<BADREQ>' })).toBe(bad);
    expect(line('%HP %HPO', { request: 'GET http://a.b/c?d HTTP/1.0' })).toBe('http://a.b/c /c');
  });

  it('compute times', () => {
    expect(line('%Th %Ti %TR %Tq %Tw %Tc %Tr %Td %Ta %Tt %Tu')).toBe('0 5 1 6 2 3 4 10 20 25 20');
    expect(line('%Tq %Td %Tr', { requestMs: -1, responseMs: -1 })).toBe('-1 -1 -1');
    expect(line('%B %Ta %Tt %U', { early: true })).toBe('+51 +20 +25 0');
  });

  it('show dates', () => {
    expect(line('%T %trg %ms %{+X}ms')).toBe('20/Nov/2026:13:33:34 +0000 20/Nov/2026:13:33:34 +0000 089 59');
  });

  it('write what becomes a header so that it may stand in one', () => {
    expect(line('%[unique-id]', { uniqueId: 'a\nb\xff' }, 'header')).toBe('a%0Ab\xff');
  });

  it('say what they need', () => {
    expect(compile('%ci %b').needs).toBe(0);
    expect(compile('%fi %bp %rt %[dst]').needs).toBe(NEEDS_LOCAL | NEEDS_SOURCE | NEEDS_NUMBER);
  });

  it('say when they are complete', () => {
    expect(compile('%ci %r %ST').moment).toBe(WITH_ANSWER);
    expect(compile('%ci %r %B').moment).toBe(AT_END);
  });

  it('refuse aliases of mode http in mode tcp', () => {
    const { value, diagnostics } = diagnosed('%ci %r %tsc %Tr');
    resolveLogFormat(value, { keyword: 'log-format', mode: 'tcp', diagnostics });
    expect(diagnostics.list.map((d) => `${d.code}: ${d.message}`)).toEqual([
      "mode-mismatch: failed to parse log-format : format variable 'r' is reserved for HTTP mode.",
      "mode-mismatch: failed to parse log-format : format variable 'Tr' is reserved for HTTP mode.",
    ]);
  });
});
