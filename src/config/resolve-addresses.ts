/** Log targets to addresses; names of abstract sockets. */
import type { LogNode } from '../../grammar/haproxy/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import type { LogAddress } from './haproxy.ts';
import type { ResolveOptions } from './resolve-surroundings.ts';

/** Null: a target that nobody here writes to; a warning was given. */
export function resolveLogAddress(log: LogNode, options: ResolveOptions): LogAddress | null {
  const address = log.address!;
  if (address.kind === 'unix') return { kind: 'unix', path: toUtf8(address.path) };
  if (address.kind === 'fd') return address;
  if (address.kind === 'ring' || address.kind === 'backend') return { kind: address.kind, name: toUtf8(address.name) };
  if (address.kind === 'abstract') return { kind: 'unix', path: abstractPath(address) };
  if (address.kind === 'foreign' || address.kind === 'sockpair') {
    const scheme = address.kind === 'foreign' ? address.scheme : address.kind;
    const message = `log : '${scheme}@' is accepted but not carried out: nothing is sent there.`;
    options.diagnostics.warning('not-carried-out', log.at, message);
    return null;
  }
  const port = address.port.kind === 'range' ? address.port.first : 514;
  if (address.family) return { kind: 'udp', host: address.host, port, family: address.family };
  const found = options.lookUp(address.host);
  if (found === 'assumed') return null;
  if (found) return { kind: 'udp', host: found.host, port, family: found.family };
  options.diagnostics.error('unresolved-host', log.at, `log : invalid address: '${address.host}' cannot be resolved.`);
  return null;
}

/** Bytes of `sun_path`; `abns@` fills all of them. */
const SUN_PATH = 108;

/** An abstract name as the kernel has it: a NUL, the name, and for `abns@` zeros to the end. */
export function abstractPath({ name, padded }: { readonly name: string; readonly padded: boolean }): string {
  const path = `\0${toUtf8(name)}`;
  return padded ? path.padEnd(SUN_PATH, '\0') : path;
}
