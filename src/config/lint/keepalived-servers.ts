/** Rules about `virtual_server` and `real_server`, and about scripts and their files. */
import { type HostFacts, localFileFacts } from './host-facts.ts';
import { addressKey } from './keepalived-instances.ts';
import { type KeepalivedView, lastNamed, settingOf, type VirtualServerView } from './keepalived-view.ts';
import type { KeepalivedRule, Report } from './rule.ts';

function protocolOf(server: VirtualServerView): string {
  return settingOf(server.entry, 'protocol')?.value.toUpperCase() ?? '';
}

function checkRepeatedServers(view: KeepalivedView, report: Report): void {
  const seen = new Map<string, VirtualServerView>();
  for (const server of view.virtualServers) {
    const subject = server.host === null ? server.key : `${addressKey(server.host)} ${server.port ?? ''}`;
    const key = `${subject} ${protocolOf(server)}`;
    const first = seen.get(key);
    if (!first) seen.set(key, server);
    else {
      report(server.at, `virtual_server ${server.title} is there twice`, {
        notes: [{ at: first.at, message: 'the first one is here' }],
      });
    }
  }
}

/** A sorry server gets the traffic when no real server is up: it must not be one of them. */
function checkSorryServers(view: KeepalivedView, report: Report): void {
  for (const { entry, realServers, title } of view.virtualServers) {
    const sorry = lastNamed(entry.entries, 'sorry_server');
    const [host, port] = sorry?.args.map((arg) => arg.value) ?? [];
    if (!sorry || host === undefined) continue;
    const same = realServers.find(
      (real) => addressKey(real.host) === addressKey(host) && (real.port ?? '') === (port ?? ''),
    );
    if (!same) continue;
    report(sorry.at, `the sorry server of ${title} is one of its real servers: it is down as well when it is needed`, {
      notes: [{ at: same.at, message: 'the real server is here' }],
    });
  }
}

const checker = /^(?:TCP|HTTP|SSL|SMTP|DNS|MISC|PING|UDP|FILE|BFD)_(?:CHECK|GET)$/;

function checkUnchecked(view: KeepalivedView, report: Report): void {
  for (const { realServers, title } of view.virtualServers) {
    for (const real of realServers) {
      if (real.entry.entries.some((entry) => checker.test(entry.name))) continue;
      const port = real.port === null ? '' : ` ${real.port}`;
      report(real.at, `real_server ${real.host}${port} of ${title} has no check: it stays in use when it is down`);
    }
  }
}

/** Clients with IPv6 change their address within their network from day to day. */
function checkGranularity(view: KeepalivedView, report: Report): void {
  for (const { entry, host, title } of view.virtualServers) {
    const timeout = lastNamed(entry.entries, 'persistence_timeout');
    if (!timeout || !host?.includes(':') || lastNamed(entry.entries, 'persistence_granularity')) continue;
    report(
      timeout.at,
      `${title} is IPv6 and has no persistence_granularity: a client that changes its address within its network changes its server`,
      { suggestion: 'persistence_granularity 64' },
    );
  }
}

const OTHERS_MAY_WRITE = 0o022;

function checkScriptFiles(view: KeepalivedView, report: Report, facts: HostFacts | null): void {
  for (const { name, command } of view.scripts) {
    const path = command?.value.trim().split(/\s+/)[0] ?? '';
    if (!command || !path.startsWith('/')) continue;
    const file = facts ? facts.files?.get(path) : localFileFacts(path);
    if (!file) continue;
    const mode = file.mode.toString(8).padStart(4, '0');
    if (file.mode & OTHERS_MAY_WRITE) {
      report(command.at, `script '${name}': ${path} may be written by others than its owner (mode ${mode})`);
    } else if (file.owner !== null && file.owner !== 'root' && view.scriptSecurity) {
      report(command.at, `script '${name}': ${path} belongs to '${file.owner}', not to root`);
    }
  }
}

export const keepalivedServerRules: readonly KeepalivedRule[] = [
  {
    code: 'duplicate-virtual-server',
    language: 'keepalived',
    severity: 'warning',
    doc: 'The same virtual server twice.',
    check: checkRepeatedServers,
  },
  {
    code: 'sorry-server-is-real',
    language: 'keepalived',
    severity: 'warning',
    doc: 'The sorry server is one of the real servers.',
    check: checkSorryServers,
  },
  {
    code: 'real-server-unchecked',
    language: 'keepalived',
    severity: 'warning',
    doc: 'A real server without any check.',
    check: checkUnchecked,
  },
  {
    code: 'persistence-per-address',
    language: 'keepalived',
    severity: 'notice',
    doc: 'persistence_timeout for IPv6 without persistence_granularity.',
    check: checkGranularity,
  },
  {
    code: 'script-writable',
    language: 'keepalived',
    severity: 'warning',
    doc: 'A script that others than root may change.',
    check: checkScriptFiles,
  },
];
