/**
 * What a file says about the machine that a configuration is meant for, so that it can be checked on another:
 *
 *     {
 *       "interfaces": { "eth0": ["192.0.2.10/24", "2001:db8::10/64"] },
 *       "users": ["haproxy", "keepalived_script"],
 *       "files": ["/usr/local/bin/check.sh"],
 *       "sysctls": { "net.ipv4.ip_nonlocal_bind": "1" }
 *     }
 *
 * A part that is absent is not known, and nothing is concluded from it.
 */
export interface HostFacts {
  readonly interfaces: ReadonlyMap<string, readonly string[]> | null;
  readonly users: ReadonlySet<string> | null;
  readonly files: ReadonlySet<string> | null;
  readonly sysctls: ReadonlyMap<string, string> | null;
}

/** The facts, or what is wrong with the file. */
export function parseHostFacts(text: string): HostFacts | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (!isRecord(value)) return 'an object is expected';
  const unknown = Object.keys(value).find((key) => !['interfaces', 'users', 'files', 'sysctls'].includes(key));
  if (unknown !== undefined) return `'${unknown}' is none of interfaces, users, files, sysctls`;
  const { interfaces, users, files, sysctls } = value;
  if (interfaces !== undefined && !isRecordOf(interfaces, isTexts)) return 'interfaces: lists of addresses by name';
  if (users !== undefined && !isTexts(users)) return 'users: a list of names';
  if (files !== undefined && !isTexts(files)) return 'files: a list of paths';
  if (sysctls !== undefined && !isRecordOf(sysctls, isScalar)) return 'sysctls: values by name';
  return {
    interfaces: interfaces ? new Map(Object.entries(interfaces)) : null,
    users: users ? new Set(users) : null,
    files: files ? new Set(files) : null,
    sysctls: sysctls ? new Map(Object.entries(sysctls).map(([name, one]) => [name, String(one)])) : null,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRecordOf<T>(value: unknown, isOne: (one: unknown) => one is T): value is Record<string, T> {
  return isRecord(value) && Object.values(value).every(isOne);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
