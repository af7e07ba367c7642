/** A frontend as a worker sees it: its configuration, where its sessions go, what is prepared for its requests. */

import type { ProxyConf } from '../config/haproxy.ts';
import type { HeaderNameRule } from '../config/http-options.ts';
import { packInet4, packInet6 } from '../os/address.ts';
import { type ErrorPages, prepareErrorPages } from './http/error-pages.ts';
import { type ErrorPage, type ErrorStatus, errorPage } from './http/errors.ts';
import type { PreparedForwarded } from './http/forwarded.ts';
import { type HeaderCaptures, prepareHeaderCaptures } from './http/header-captures.ts';
import type { HeaderCases } from './http/header-cases.ts';
import type { HttpExchange } from './http/http-exchange.ts';
import { type HttpSteps, prepareSteps } from './http/http-steps.ts';
import { RequestNotes } from './http/request-notes.ts';
import type { UniqueIdFormat } from './http/unique-id.ts';
import type { Network } from './listener/client-address.ts';
import type { Backend } from './server/backend.ts';
import type { SessionLog } from './session-log.ts';
import { type PreparedStats, prepareStats } from './stats/request.ts';

export class Frontend {
  readonly conf: ProxyConf;
  readonly row: number;
  readonly backend: Backend | null;
  /** Where a `listen` without servers counts as a backend all the same; -1: there is none. */
  backendRow: number;
  /** In mode tcp as well, when its backend is in mode http: what its clients say is read as HTTP then. */
  readonly speaksHttp: boolean;
  readonly log: SessionLog;
  readonly stats: PreparedStats | null;
  readonly monitorUri: Uint8Array | null;
  readonly forwardfor: PreparedForwardFor | null;
  readonly originalto: PreparedForwardFor | null;
  /** Of the backend: which odd header names are refused or dropped. */
  readonly nameRule: HeaderNameRule | null;
  /** `option http-buffer-request` on either side. */
  readonly buffersBody: boolean;
  /** Header names as they are written to clients and to servers that need it. */
  readonly clientCases: HeaderCases | null;
  readonly serverCases: HeaderCases | null;
  /** `capture request header`. */
  readonly requestCaptures: HeaderCaptures | null;
  /** `capture response header`. */
  readonly responseCaptures: HeaderCaptures | null;
  /** Error pages of the configuration: its own, and those that count once a request came to the backend. */
  private readonly ownPages: ErrorPages | null;
  private readonly pages: ErrorPages | null;
  /** What is done with the heads of its requests and their responses. */
  readonly steps: HttpSteps;

  /** Without a client at the moment. */
  readonly freeExchanges: HttpExchange[] = [];

  /** `unique-id-format`. */
  readonly uniqueId: UniqueIdFormat | null;
  /** `option forwarded` of its backend. */
  readonly forwarded: PreparedForwarded | null;

  constructor(
    conf: ProxyConf,
    row: number,
    backend: Backend | null,
    log: SessionLog,
    uniqueId: UniqueIdFormat | null = null,
    headerCases: HeaderCases | null = null,
    forwarded: PreparedForwarded | null = null,
  ) {
    this.uniqueId = uniqueId;
    this.forwarded = forwarded;
    this.conf = conf;
    this.row = row;
    this.backend = backend;
    this.backendRow = backend?.row ?? -1;
    this.speaksHttp = conf.mode === 'http' || backend?.conf.mode === 'http';
    this.log = log;
    // `stats` in a backend that the frontend leads to counts as well, as in HAProxy.
    const stats = conf.stats ?? (backend !== null && backend.conf !== conf ? backend.conf.stats : null);
    this.stats = stats === null ? null : prepareStats(stats);
    this.monitorUri = conf.monitorUri === null ? null : Buffer.from(conf.monitorUri, 'latin1');
    const other = backend?.conf ?? null;
    this.forwardfor = prepareAddressField(conf.forwardfor, other?.forwardfor ?? null);
    this.originalto = prepareAddressField(conf.http.originalto, other?.http.originalto ?? null);
    this.nameRule = conf.http.restrictHeaderNames ?? other?.http.restrictHeaderNames ?? null;
    this.buffersBody = conf.http.bufferRequest || (other?.http.bufferRequest ?? false);
    this.clientCases = conf.http.caseAdjustClient ? headerCases : null;
    this.serverCases = other?.http.caseAdjustServer ? headerCases : null;
    this.requestCaptures = prepareHeaderCaptures(conf.captures.requestHeaders);
    this.responseCaptures = prepareHeaderCaptures(conf.captures.responseHeaders);
    this.ownPages = prepareErrorPages(conf.http.errorPages, null);
    const inherits = backend === null || backend.conf === conf;
    this.pages = inherits ? this.ownPages : prepareErrorPages(backend.conf.http.errorPages, this.ownPages);
    this.steps = prepareSteps(this);
  }

  /** `inBackend`: the request has come to the backend. */
  pageFor(status: ErrorStatus, inBackend: boolean): ErrorPage {
    const pages = inBackend ? this.pages : this.ownPages;
    return pages?.get(status) ?? errorPage(status);
  }

  /** For one connection; null when nothing of the configuration needs notes. */
  makeNotes(): RequestNotes | null {
    const { captures, uniqueId } = this.conf;
    const cookie = this.backend?.conf.persistence.cookie ?? null;
    const [request, response] = [captures.requestHeaders.length, captures.responseHeaders.length];
    const { appsession = null } = this.backend?.conf.persistence ?? {};
    const persists = cookie !== null || appsession !== null;
    const needed = request + response > 0 || captures.cookie !== null || uniqueId !== null || persists;
    const showsStates = cookie !== null && (cookie.mode !== 'passive' || cookie.indirect);
    return needed ? new RequestNotes(request, response, showsStates) : null;
  }
}

export interface PreparedForwardFor {
  readonly name: string;
  readonly lowerName: Uint8Array;
  readonly except: readonly Network[];
  readonly ifNone: boolean;
}

interface AddressField {
  readonly header: string;
  readonly except: readonly string[];
  readonly ifNone?: boolean;
}

/** The frontend's option and the backend's one both switch it on; the backend's header name counts first. */
function prepareAddressField(own: AddressField | null, other: AddressField | null): PreparedForwardFor | null {
  const chosen = other ?? own;
  if (chosen === null) return null;
  const name = chosen.header.toLowerCase();
  return {
    name,
    lowerName: Buffer.from(name, 'latin1'),
    except: [...(own?.except ?? []), ...(other === own ? [] : (other?.except ?? []))].map(parseNetwork),
    ifNone: chosen.ifNone !== undefined && (own?.ifNone ?? true) && (other?.ifNone ?? true),
  };
}

/** "10.0.0.0/8", "::1". */
export function parseNetwork(text: string): Network {
  const [host = '', length] = text.split('/');
  const family = host.includes(':') ? 6 : 4;
  const bytes = family === 4 ? packInet4(host) : packInet6(host);
  const bits = length === undefined ? bytes.length * 8 : maskLength(length);
  const mask = Uint8Array.from(bytes, (_, i) => (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i))) & 0xff);
  return { family, bytes, mask };
}

/** A prefix length, or an IPv4 mask written out. */
function maskLength(text: string): number {
  if (!text.includes('.')) return Number(text);
  const bits = [...packInet4(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.indexOf('0') < 0 ? 32 : bits.indexOf('0');
}
