/** Records about HTTP messages: options that change them, headers that are added, error pages (manual, 3.8 and 4.2). */
import type { HeaderNameRule } from '../../grammar/haproxy/http-settings.ts';
import type { ForwardedConf } from './forwarded.ts';

export type { HeaderNameRule };

export interface HttpOptions {
  readonly acceptUnsafeRequests: boolean;
  readonly acceptUnsafeResponses: boolean;
  readonly bufferRequest: boolean;
  readonly httpNoDelay: boolean;
  readonly pretendKeepalive: boolean;
  readonly ignoreProbes: boolean;
  readonly useProxyHeader: boolean;
  readonly nolinger: boolean;
  readonly checkcache: boolean;
  readonly contstats: boolean;
  readonly caseAdjustClient: boolean;
  readonly caseAdjustServer: boolean;
  readonly dropRequestTrailers: boolean;
  readonly dropResponseTrailers: boolean;
  /** Null: HAProxy's own choice, which is to leave them. */
  readonly restrictHeaderNames: HeaderNameRule | null;
  readonly originalto: OriginalTo | null;
  readonly forwarded: ForwardedConf | null;
  /** Header for the server's name; null: none. */
  readonly sendNameHeader: string | null;
  /** By status, ascending. */
  readonly errorPages: readonly ErrorPageConf[];
}

/** A proxy that says nothing of it. */
export const plainHttp: HttpOptions = {
  acceptUnsafeRequests: false,
  acceptUnsafeResponses: false,
  bufferRequest: false,
  httpNoDelay: false,
  pretendKeepalive: false,
  ignoreProbes: false,
  useProxyHeader: false,
  nolinger: false,
  checkcache: false,
  contstats: false,
  caseAdjustClient: false,
  caseAdjustServer: false,
  dropRequestTrailers: false,
  dropResponseTrailers: false,
  restrictHeaderNames: null,
  originalto: null,
  forwarded: null,
  sendNameHeader: null,
  errorPages: [],
};

export interface OriginalTo {
  readonly header: string;
  /** Networks of destinations that are not told. */
  readonly except: readonly string[];
}

export type ErrorPageConf =
  /** `text`: what the file holds, as Latin-1; null when it was not read (a configuration test). Empty: no answer. */
  | { readonly kind: 'file'; readonly status: number; readonly path: string; readonly text: string | null }
  | { readonly kind: 'location'; readonly status: number; readonly redirect: 302 | 303; readonly location: string };
