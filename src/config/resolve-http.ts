/**
 * Settings about HTTP messages to records. Error files are read here, once, as the original reads them: a message that
 * is no complete HTTP response is an error of the configuration, so that nobody finds out when it is needed.
 */
import type { ErrorPageNode, ErrorSectionNode } from '../../grammar/haproxy/http-settings.ts';
import type { GlobalNode } from '../../grammar/haproxy/nodes.ts';
import { type Span, toUtf8 } from '../../grammar/source.ts';
import { resolveForwarded } from './forwarded.ts';
import type { ErrorPageConf, HttpOptions } from './http-options.ts';
import type { MergedProxy } from './merged-proxies.ts';
import { looksIntoBodies } from './resolve-balance.ts';
import type { ResolveOptions } from './resolve-surroundings.ts';

export function resolveHttp(
  { settings, errorPages, node, kind }: MergedProxy,
  sections: readonly ErrorSectionNode[],
  options: ResolveOptions,
): HttpOptions {
  return {
    acceptUnsafeRequests: settings.acceptUnsafeRequests ?? false,
    acceptUnsafeResponses: settings.acceptUnsafeResponses ?? false,
    bufferRequest: (settings.bufferRequest ?? false) || looksIntoBodies(settings.balance),
    httpNoDelay: settings.httpNoDelay ?? false,
    pretendKeepalive: settings.pretendKeepalive ?? false,
    ignoreProbes: settings.ignoreProbes ?? false,
    useProxyHeader: settings.useProxyHeader ?? false,
    nolinger: settings.nolinger ?? false,
    checkcache: settings.checkcache ?? false,
    contstats: settings.contstats ?? false,
    caseAdjustClient: settings.caseAdjustClient ?? false,
    caseAdjustServer: settings.caseAdjustServer ?? false,
    dropRequestTrailers: settings.dropRequestTrailers ?? false,
    dropResponseTrailers: settings.dropResponseTrailers ?? false,
    restrictHeaderNames: settings.restrictHeaderNames ?? null,
    originalto: settings.originalto
      ? { header: toUtf8(settings.originalto.header), except: [...settings.originalto.except] }
      : null,
    // A frontend's own counts for nothing.
    forwarded: kind === 'frontend' ? null : resolveForwarded(settings.forwarded, options.diagnostics),
    sendNameHeader: settings.sendNameHeader ? toUtf8(settings.sendNameHeader) : null,
    errorPages: resolvePages(errorPages, sections, node.at, options),
  };
}

function resolvePages(
  nodes: readonly ErrorPageNode[],
  sections: readonly ErrorSectionNode[],
  at: Span,
  options: ResolveOptions,
): readonly ErrorPageConf[] {
  const pages = new Map<number, ErrorPageConf>();
  for (const node of nodes) for (const page of pagesOf(node, sections, at, options)) pages.set(page.status, page);
  return [...pages.values()].sort((a, b) => a.status - b.status);
}

function pagesOf(
  node: ErrorPageNode,
  sections: readonly ErrorSectionNode[],
  at: Span,
  options: ResolveOptions,
): readonly ErrorPageConf[] {
  if (node.kind === 'file') return [readPage(node, options)];
  if (node.kind === 'location') return [{ ...node, location: toUtf8(node.location) }];
  const found = sections.filter((section) => section.name === node.name).flatMap((section) => section.pages);
  const wanted = found.filter((page) => page.kind === 'file' && isWanted(page.status, node.statuses));
  return wanted.flatMap((page) => pagesOf(page, sections, at, options));
}

function isWanted(status: number, statuses: readonly number[]): boolean {
  return statuses.length === 0 || statuses.includes(status);
}

function readPage(
  { status, path, at }: Extract<ErrorPageNode, { kind: 'file' }>,
  { readText, diagnostics }: ResolveOptions,
): ErrorPageConf {
  const text = readText(toUtf8(path));
  if (text === 'unreadable') {
    diagnostics.error('unreadable-file', at, `errorfile : error opening file '${path}'.`);
    return { kind: 'file', status, path: toUtf8(path), text: null };
  }
  const problem = text === null || text.text === '' ? null : findProblem(text.text);
  if (problem !== null) diagnostics.error('bad-error-file', at, `errorfile : '${path}': ${problem}`);
  return { kind: 'file', status, path: toUtf8(path), text: text?.text ?? null };
}

const STATUS_LINE = /^HTTP\/\d\.\d[ \t]+[1-9]\d\d(?:[ \t][^\r\n\0]*)?\r?\n/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r?\n/;

/** What keeps a text from being a complete response, in the original's words. */
function findProblem(text: string): string | null {
  let at = STATUS_LINE.exec(text)?.[0].length ?? 0;
  if (at === 0) return 'unable to parse headers (error offset: 0)';
  let length: number | null = null;
  for (;;) {
    const end = /^\r?\n/.exec(text.slice(at, at + 2));
    if (end) {
      at += end[0].length;
      break;
    }
    const field = FIELD.exec(text.slice(at));
    if (!field) return `unable to parse headers (error offset: ${at})`;
    const [whole, name = '', value = ''] = field;
    if (/^transfer-encoding$/i.test(name) && /chunked/i.test(value)) return 'chunk-encoded payload not supported';
    if (/^content-length$/i.test(name)) length = Number(value.trim());
    at += whole.length;
  }
  const payload = text.length - at;
  if (length === null || length === payload) return null;
  return `payload size does not match the announced content-length (${payload} != ${length})`;
}

/** Names as they are written to peers that care, of both words; the last one of a name counts. */
export function resolveHeaderCases({ settings }: GlobalNode, options: ResolveOptions): readonly string[] {
  const cases = new Map<string, string>();
  const file = settings.headerCaseFile;
  const text = file === undefined ? null : options.readText(toUtf8(file.path));
  if (file !== undefined && text === 'unreadable') {
    options.diagnostics.error('unreadable-file', file.at, `h1-case-adjust-file '${file.path}' : failed to open file.`);
  }
  const listed = text === null || text === 'unreadable' ? [] : namesIn(text.text);
  for (const name of [...listed, ...(settings.headerCases ?? [])]) cases.set(name.toLowerCase(), name);
  return [...cases.values()].sort();
}

/** Lines of two names; empty lines and comments are left out. */
function namesIn(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.flatMap((line) => (line === '' || line.startsWith('#') ? [] : (line.split(/\s+/)[1] ?? [])));
}
