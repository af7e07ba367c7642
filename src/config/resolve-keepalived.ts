/**
 * From the nodes of keepalived.conf to the frozen records that the vrrp role runs on.
 *
 * Here: global settings, scripts, sync groups. Instances: `resolve-vrrp-instance.ts`. What exists only on the target
 * machine: `keepalived-surroundings.ts`.
 */
import { dirname } from 'node:path';
import type { Word } from '../../grammar/keepalived/ast.ts';
import type { Context } from '../../grammar/keepalived/context.ts';
import type { KeepalivedDocument } from '../../grammar/keepalived/lower.ts';
import type { DocumentNode, GlobalNode, SyncGroupNode, VrrpScriptNode } from '../../grammar/keepalived/nodes.ts';
import { toUtf8 } from '../../grammar/source.ts';
import { nearestWord } from '../../grammar/spelling.ts';
import { checkGroupWords } from './check-vrrp-words.ts';
import type {
  BfdSessionConf,
  GlobalDefs,
  KeepalivedConfig,
  SyncGroupConf,
  TrackFileConf,
  VrrpInstanceConf,
  VrrpScriptConf,
} from './keepalived.ts';
import { type HostFacts, Surroundings } from './keepalived-surroundings.ts';
import { resolveVirtualServerGroups, VirtualServerResolver } from './resolve-virtual-servers.ts';
import { garpOf, InstanceResolver } from './resolve-vrrp-instance.ts';

export function resolveKeepalived(read: KeepalivedDocument, facts: HostFacts): KeepalivedConfig {
  return deepFreeze(new Resolver(read, facts).resolve());
}

class Resolver {
  private readonly read: KeepalivedDocument;
  private readonly around: Surroundings;
  private readonly context: Context;
  private readonly scripts = new Map<string, VrrpScriptConf>();

  constructor(read: KeepalivedDocument, facts: HostFacts) {
    this.read = read;
    this.context = read.context;
    this.around = new Surroundings(read.context, facts, read.document.global);
  }

  resolve(): KeepalivedConfig {
    const { document, files } = this.read;
    const globalDefs = resolveGlobal(document.global, this.around.facts);
    this.around.checkUser(document.global.scriptUser?.value.user, document.global.scriptUser?.site);
    const { netNamespace } = document.global;
    if (netNamespace) this.around.checkNamespace(netNamespace.value, netNamespace.site);
    this.dropMissingFiles(document);
    const groups = document.trackGroups.map((word) => word.text);
    for (const use of document.trackGroupUses) {
      if (!groups.includes(use.text)) this.context.error('unknown-track', use, `track_group ${use.text} not found`);
    }
    for (const device of document.routeDevices) {
      this.around.checkInterface(device.text, device, `interface ${device.text} for a route or rule doesn't exist`);
    }
    for (const script of document.global.ownScripts) {
      this.around.checkUser(script.user ?? undefined, script.site);
      this.around.checkDefaultUser(script);
      this.around.checkExecutable(script, 'notify-not-here', `script '${script.argv[0]}' not found`);
    }
    for (const node of document.scripts) this.resolveScript(node);
    const instances = new InstanceResolver(document, this.around, globalDefs, this.scripts).resolveAll();
    const syncGroups = this.resolveSyncGroups(instances);
    const virtualServers = new VirtualServerResolver(document, this.around).resolveAll();
    this.around.checkScriptSecurity();
    return {
      globalDefs,
      scripts: [...this.scripts.values()],
      syncGroups,
      instances,
      virtualServerCount: document.virtualServers.length,
      virtualServers,
      virtualServerGroups: resolveVirtualServerGroups(document, this.around),
      trackFiles: this.trackFilesOf(document),
      bfdSessions: this.bfdSessionsOf(document),
      files,
    };
  }

  /** keepalived wants the folder of a track_file to be there; the file itself may come later. */
  private dropMissingFiles({ trackFiles }: DocumentNode): void {
    if (this.context.isBefore('2.3.0')) return;
    for (const node of [...trackFiles]) {
      if (node.subject === undefined) continue;
      const isHere = this.around.checkFile(dirname(node.subject), node.name.text, node.end ?? node.name);
      if (!isHere && this.context.asOriginal) trackFiles.splice(trackFiles.indexOf(node), 1);
    }
  }

  private trackFilesOf({ trackFiles }: DocumentNode): TrackFileConf[] {
    return trackFiles.flatMap(({ name, subject, weight }) => {
      if (subject === undefined) return [];
      const own = { weight: weight?.weight ?? 1, weightReverse: weight?.reverse ?? false };
      return [{ name: toUtf8(name.text), path: toUtf8(subject), ...own, place: this.around.place(name) }];
    });
  }

  private bfdSessionsOf({ bfdSessions }: DocumentNode): BfdSessionConf[] {
    return bfdSessions.flatMap(({ name, subject }) =>
      subject === undefined ? [] : [{ name: toUtf8(name.text), neighbor: subject, place: this.around.place(name) }],
    );
  }

  private resolveScript(node: VrrpScriptNode): void {
    const name = node.name.text;
    if (!node.script) {
      this.context.error('script-missing', node.end ?? node.name, `No script set for vrrp_script ${name} - removing`);
      return;
    }
    if (this.scripts.has(name)) {
      this.context.warning('duplicate-script', node.name, `vrrp_script ${name} is defined more than once`);
    }
    const isKnown = node.user
      ? this.around.checkUser(node.user.value.user, node.user.site)
      : this.around.checkDefaultUser(node.script, node.end);
    if (!isKnown && this.context.asOriginal) return;
    this.around.checkExecutable(
      node.script,
      'script-not-here',
      `Disabling track script ${name} since not found/accessible`,
    );
    const user = node.user?.value ?? { user: node.script.user, group: node.script.group };
    const intervalMs = node.intervalMs ?? 1000;
    this.scripts.set(name, {
      name: toUtf8(name),
      script: this.around.scriptConf({ ...node.script, user: user.user, group: user.group }),
      intervalMs,
      timeoutMs: node.timeoutMs ?? 0,
      weight: node.weight?.weight ?? 0,
      weightReverse: node.weight?.reverse ?? false,
      rise: node.rise ?? 1,
      fall: node.fall ?? 1,
      initFail: node.initFail ?? false,
      place: this.around.place(node.name),
    });
  }

  private resolveSyncGroups(instances: readonly VrrpInstanceConf[]): SyncGroupConf[] {
    const grouped = new Set<string>();
    return this.read.document.syncGroups.flatMap((node) => {
      const name = node.name.text;
      this.around.reportRepeated(node.repeated, name);
      checkGroupWords(node, this.read.document, this.around);
      const members = node.members.filter((word) => this.mayJoin(word, name, instances, grouped));
      return (
        this.resolveSyncGroup(
          node,
          members.map((word) => toUtf8(word.text)),
        ) ?? []
      );
    });
  }

  private mayJoin(member: Word, group: string, instances: readonly VrrpInstanceConf[], grouped: Set<string>): boolean {
    const { text } = member;
    if (!instances.some((instance) => instance.name === toUtf8(text))) {
      const names = this.read.document.instances.map((instance) => instance.name.text);
      const suggestion = nearestWord(
        text,
        names.filter((name) => name !== text),
      );
      const message = `Virtual router ${text} specified in sync group ${group} doesn't exist - ignoring`;
      this.context.error('unknown-instance', member, message, suggestion ? { suggestion } : {});
      return false;
    }
    if (grouped.has(text)) {
      const message = `Virtual router ${text} cannot exist in more than one sync group; ignoring ${group}`;
      this.context.error('member-repeated', member, message);
      return false;
    }
    grouped.add(text);
    return true;
  }

  private resolveSyncGroup(node: SyncGroupNode, members: readonly string[]): SyncGroupConf | null {
    const name = node.name.text;
    if (members.length === 0) {
      this.context.error('empty-group', node.name, `Sync group ${name} has no virtual router(s). removing`);
      return null;
    }
    if (members.length === 1) {
      const message = `Sync group ${name} has only 1 virtual router(s) - this probably isn't what you want`;
      this.context.warning('single-member-group', node.name, message);
    }
    const { around } = this;
    return { name: toUtf8(name), members, notify: around.notifyOf(node.notify), place: around.place(node.name) };
  }
}

function ownerOf({ user, group }: { readonly user: string; readonly group: string | null }): GlobalDefs['scriptUser'] {
  return { user: toUtf8(user), group: group === null ? null : toUtf8(group) };
}

function resolveGlobal(node: GlobalNode, facts: HostFacts): GlobalDefs {
  return {
    routerId: toUtf8(node.routerId ?? facts.hostname),
    scriptUser: node.scriptUser ? ownerOf(node.scriptUser.value) : null,
    enableScriptSecurity: node.enableScriptSecurity ?? false,
    vrrpVersion: node.vrrpVersion ?? 2,
    startupDelayMs: node.startupDelayMs ?? 0,
    strict: node.strict ?? false,
    mcastGroup4: node.mcastGroup4 ?? '224.0.0.18',
    mcastGroup6: node.mcastGroup6 ?? 'ff02::12',
    garp: garpOf(node.garp),
    dynamicInterfaces: node.dynamicInterfaces ?? false,
    instanceName: node.instanceName === undefined ? null : toUtf8(node.instanceName),
    notifyFifo: node.notifyFifo === undefined ? null : toUtf8(node.notifyFifo),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
