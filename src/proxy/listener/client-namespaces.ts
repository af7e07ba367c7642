/**
 * Network namespaces that clients come from: the one of the listener, or one that a PROXY header names (PP2_TYPE_NETNS), if the
 * configuration knows it (`namespace_list`, `namespace` of bind and server lines). Servers with `namespace *` are reached
 * there, and servers with `send-proxy-v2` are told of it. See network-namespaces.txt of HAProxy.
 */

import { CLIENTS_NAMESPACE } from '../../config/server-link.ts';
import type { ProxySlice } from '../../config/slice.ts';
import { openNamespace } from '../../os/namespace.ts';
import { type ProxyTlv, TLV_NETNS } from '../../wire/proxy-protocol.ts';
import type { ClientAddress } from './client-address.ts';

export class ClientNamespaces {
  private readonly descriptors = new Map<string, number>();

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const fd = openNamespace(name);
      if (fd !== null) this.descriptors.set(name, fd);
    }
  }

  /** Null: nothing in the configuration asks where a client comes from, or can tell. */
  static of({ global, proxies }: ProxySlice): ClientNamespaces | null {
    const links = proxies.flatMap(({ servers }) => servers.map(({ link }) => link));
    const isAsked = links.some(({ namespace, proxyHeader }) => {
      return namespace === CLIENTS_NAMESPACE || proxyHeader?.version === 2;
    });
    const bound = proxies.flatMap(({ listeners }) => listeners.flatMap(({ options }) => options.namespace ?? []));
    const reached = links.flatMap(({ namespace }) => (namespace === CLIENTS_NAMESPACE ? [] : (namespace ?? [])));
    const names = new Set([...global.namespaces, ...bound, ...reached]);
    return isAsked && names.size > 0 ? new ClientNamespaces(names) : null;
  }

  /** The field that names it, null: the process's own. */
  fieldOf({ preamble }: ClientAddress): ProxyTlv | null {
    return preamble?.tlvs.find(({ type, value }) => type === TLV_NETNS && this.descriptors.has(textOf(value))) ?? null;
  }

  /** A descriptor of it, null: the process's own. */
  descriptorOf(address: ClientAddress): number | null {
    const field = this.fieldOf(address);
    return field === null ? null : this.descriptors.get(textOf(field.value))!;
  }
}

export function makeNamespaceField(name: string): ProxyTlv {
  return { type: TLV_NETNS, value: Buffer.from(name) };
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
}
