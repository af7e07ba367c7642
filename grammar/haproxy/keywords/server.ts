/** Words after the address of a `server` line and on `default-server` (manual, chapter 5.2). */
import { type Argument, type KeywordRow, rowsFor } from '../keyword.ts';
import type { ServerSettings } from '../nodes.ts';
import { integer, type NumberManner, oneOf, text, time, word } from '../units.ts';
import { serverLine } from './contexts.ts';

const serverRow = rowsFor<ServerSettings>();

type KeyOf<T> = { [K in keyof ServerSettings]-?: T extends ServerSettings[K] ? K : never }[keyof ServerSettings];

function numberRow(
  name: string,
  key: KeyOf<number>,
  doc: string,
  min = 0,
  max?: number,
  manner: NumberManner = 'prefix',
): KeywordRow<ServerSettings> {
  return serverRow(name, serverLine, {
    args: [integer(min, max, manner)],
    since: '1.3',
    doc,
    ok: [`server s 127.0.0.1:80 ${name} ${Math.max(min, 1)}`],
    bad: [
      [`server s 127.0.0.1:80 ${name} many`, 'bad-number'],
      [`server s 127.0.0.1:80 ${name}`, 'missing-argument'],
      [`server s 127.0.0.1:80 ${name} 99999999999`, 'out-of-range'],
    ],
    apply(settings, _call, value) {
      settings[key] = value;
    },
  });
}

function flagRow(name: string, key: KeyOf<boolean>, value: boolean, since: string, doc: string) {
  return serverRow(name, serverLine, {
    since,
    doc,
    ok: [`server s 127.0.0.1:80 ${name}`],
    apply(settings) {
      settings[key] = value;
    },
  });
}

function timeRow(name: string, key: KeyOf<number>, doc: string): KeywordRow<ServerSettings> {
  return serverRow(name, serverLine, {
    args: [time()],
    since: '1.3',
    doc,
    ok: [`server s 127.0.0.1:80 check ${name} 2s`],
    bad: [
      [`server s 127.0.0.1:80 ${name} 1x`, 'bad-time'],
      [`server s 127.0.0.1:80 ${name}`, 'missing-argument'],
    ],
    apply(settings, call, ms) {
      if (ms <= 0) call.fail('out-of-range', call.words[0], `'${name}' has to be > 0.`);
      else settings[key] = ms;
    },
  });
}

export const serverRows: readonly KeywordRow<ServerSettings>[] = [
  numberRow('weight', 'weight', 'Share of the load, relative to the other servers.', 0, 256),
  numberRow('maxconn', 'maxconn', 'Most connections at a time; more wait in a queue.', 0, undefined, 'unbounded'),
  numberRow('minconn', 'minconn', 'Lower bound of a maxconn that follows the load.', 0, undefined, 'unbounded'),
  numberRow('maxqueue', 'maxqueue', 'Most requests waiting for this server.', 0, undefined, 'unbounded'),
  numberRow('rise', 'rise', 'Good checks in a row before the server is used again.', 1),
  numberRow('fall', 'fall', 'Failed checks in a row before the server is left out.', 1),
  numberRow('port', 'checkPort', "Port of health checks, if not the server's own.", 0, 65535, 'unbounded'),
  numberRow('id', 'id', 'Number of the server in statistics.', 1),
  flagRow('backup', 'backup', true, '1.3', 'Used only when no other server is left.'),
  flagRow('no-backup', 'backup', false, '1.8', 'Undoes "backup" of default-server.'),
  flagRow('disabled', 'disabled', true, '1.5', 'Starts in maintenance.'),
  flagRow('enabled', 'disabled', false, '1.8', 'Undoes "disabled" of default-server.'),
  flagRow('check', 'check', true, '1.3', 'Checks the health of this server.'),
  flagRow('no-check', 'check', false, '1.8', 'Undoes "check" of default-server.'),
  timeRow('inter', 'interMs', 'Time between two checks.'),
  timeRow('fastinter', 'fastinterMs', 'Time between two checks while the state is in doubt.'),
  timeRow('downinter', 'downinterMs', 'Time between two checks of a server that is down.'),
  serverRow('addr', serverLine, {
    args: [text('<address>')],
    since: '1.3',
    doc: "Address of health checks, if not the server's own.",
    ok: ['server s 127.0.0.1:80 check addr 127.0.0.2'],
    bad: [['server s 127.0.0.1:80 addr', 'missing-argument']],
    apply(settings, _call, address) {
      settings.checkAddr = address;
    },
  }),
  serverRow('on-marked-down', serverLine, {
    args: [oneOf('shutdown-sessions')],
    since: '1.5',
    doc: 'Ends the sessions of a server that goes down.',
    ok: ['server s 127.0.0.1:80 on-marked-down shutdown-sessions'],
    bad: [['server s 127.0.0.1:80 on-marked-down sleep', 'bad-value']],
    apply(settings) {
      settings.shutdownSessionsWhenDown = true;
    },
  }),
  serverRow('track', serverLine, {
    args: [word('[<backend>/]<server>')],
    since: '1.3',
    doc: 'Takes the state of another server instead of checking.',
    ok: [],
    bad: [['server s 127.0.0.1:80 track', 'missing-argument']],
    apply(settings, _call, tracked) {
      settings.track = tracked;
    },
  }),
  unusable('ssl', null),
  unusable('proto', '<value>'),
];

/** Without these words the server would be spoken to in another protocol than asked for: it is not used at all. */
function unusable(name: string, label: string | null): KeywordRow<ServerSettings> {
  const args: readonly Argument<string>[] = label === null ? [] : [text(label)];
  return serverRow(name, serverLine, {
    args,
    since: '1.5',
    doc: `Not carried out, so a server with ${name} is not used.`,
    ok: [`server s 127.0.0.1:80 ${name}${label === null ? '' : ' h2'}`],
    apply(settings, call, value) {
      if (name === 'proto' && !/^(?:h1|h2|fcgi|none|spop|quic|qmux)$/.test(String(value))) {
        call.fail('bad-value', call.words[0], `'proto' : unknown MUX protocol '${value}'.`);
        return;
      }
      if (name === 'proto' && value === 'h1') return;
      settings.unusable = true;
      if (name === 'ssl') settings.tls = true;
      const message = `'${name}' is accepted but not carried out: this server stays disabled.`;
      call.diagnostics.warning('not-carried-out', call.at, message);
    },
  });
}
