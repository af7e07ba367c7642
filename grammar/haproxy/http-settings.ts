/** What a proxy says about HTTP: options of chapter 4.2 that change messages, and its error pages (manual, 3.8, 4.2). */
import type { Span } from '../source.ts';
import type { Value } from './keyword.ts';

export interface HttpSettings {
  acceptUnsafeRequests?: boolean;
  acceptUnsafeResponses?: boolean;
  bufferRequest?: boolean;
  httpNoDelay?: boolean;
  pretendKeepalive?: boolean;
  ignoreProbes?: boolean;
  useProxyHeader?: boolean;
  nolinger?: boolean;
  checkcache?: boolean;
  contstats?: boolean;
  caseAdjustClient?: boolean;
  caseAdjustServer?: boolean;
  dropRequestTrailers?: boolean;
  dropResponseTrailers?: boolean;
  restrictHeaderNames?: HeaderNameRule;
  originalto?: OriginalToSettings;
  sendNameHeader?: string;
  /** Null: `no option forwarded`. */
  forwarded?: ForwardedSettings | null;
}

export type ForwardedPart = 'host' | 'by' | 'byPort' | 'for' | 'forPort';

/** What each parameter is made of: what HAProxy itself has for it (`own`), or an expression. */
export type ForwardedSettings = { proto?: boolean } & { [P in ForwardedPart]?: 'own' | Value };

export type HeaderNameRule = 'preserve' | 'delete' | 'reject';

export interface OriginalToSettings {
  readonly header: string;
  readonly except: readonly string[];
}

/** One line about error pages; the last one about a status counts. */
export type ErrorPageNode =
  | { readonly kind: 'file'; readonly status: number; readonly path: string; readonly at: Span }
  | { readonly kind: 'location'; readonly status: number; readonly redirect: 302 | 303; readonly location: string }
  /** `errorfiles`: of a section, all pages or some. */
  | { readonly kind: 'section'; readonly name: string; readonly statuses: readonly number[] };

/** A section `http-errors`. */
export interface ErrorSectionNode {
  readonly name: string;
  readonly pages: readonly ErrorPageNode[];
}

/** `h1-case-adjust` and `h1-case-adjust-file`: header names as they are to be written. */
export interface HeaderCaseSettings {
  headerCases?: readonly string[];
  headerCaseFile?: { readonly path: string; readonly at: Span };
  uriLength?: number;
}
