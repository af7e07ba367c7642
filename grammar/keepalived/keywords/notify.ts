/** Rows of notify scripts, shared by vrrp_instance and vrrp_sync_group. keepalived.conf(5), "notify scripts". */

import type { Statement } from '../ast.ts';
import { known, type Row, word } from '../keyword.ts';
import type { NotifyNode, ScriptNode } from '../nodes.ts';
import { boolean, script } from '../readers.ts';

interface Notifying {
  readonly notify: NotifyNode;
  /** Words that were given twice: the first one counts. */
  readonly repeated: Statement[];
}

function notifyRow<Node extends Notifying>(name: string, key: keyof NotifyNode, doc: string, since: string): Row<Node> {
  const store = (node: Node, value: ScriptNode, statement: Statement) => {
    if (node.notify[key]) node.repeated.push(statement);
    else node.notify[key] = value;
  };
  return word<Node, ScriptNode>(name, script, store, {
    doc,
    since,
    accept: [`${name} /bin/true`, `${name} "/bin/echo 'two words' x" root root`],
    reject: [
      [name, 'missing-argument'],
      [`${name} "/bin/true`, 'unclosed-quote'],
    ],
  });
}

export function notifyRows<Node extends Notifying>(): Row<Node>[] {
  return [
    notifyRow('notify_master', 'master', 'Script to run on becoming master', '0.5.9'),
    notifyRow('notify_backup', 'backup', 'Script to run on becoming backup', '0.5.9'),
    notifyRow('notify_fault', 'fault', 'Script to run on entering the fault state', '0.5.9'),
    notifyRow('notify_stop', 'stop', 'Script to run when VRRP stops', '1.1.13'),
    notifyRow('notify', 'all', 'Script to run on every transition, with type, name, state and priority', '0.5.3'),
    known('smtp_alert', boolean, { doc: 'Send a mail on every transition', since: '0.5.7' }),
    known('notify_priority_changes', boolean, { doc: 'Notify of priority changes as well', since: '2.0.16' }),
  ];
}

/** Only an instance hears adverts. */
export function notifyMasterRxLowerPriority<Node extends Notifying>(): Row<Node> {
  return notifyRow(
    'notify_master_rx_lower_pri',
    'masterRxLowerPri',
    'Script to run when a master hears an advert of lower priority',
    '2.0.6',
  );
}
