/** `vrrp_script NAME { }`: a program that is run in turn and moves priorities. keepalived.conf(5), "VRRP scripts". */
import { type Table, table, word } from '../keyword.ts';
import type { VrrpScriptNode } from '../nodes.ts';
import { command, flag, integer, seconds, userGroup, weight } from '../readers.ts';

const COUNT = integer(1, 2 ** 31 - 1);
const LONGEST_SECONDS = 1_000_000;

export const vrrpScript: Table<VrrpScriptNode> = table('vrrp_script', [
  word(
    'script',
    command,
    (node, value) => {
      node.script = value;
    },
    {
      doc: 'The command; exit status 0 means OK',
      since: '1.1.13',
      missing: 'ignored',
      accept: ['script "killall -0 haproxy"', 'script /bin/true'],
      reject: [['script', 'argument-unset']],
    },
  ),
  word(
    'interval',
    seconds(0.000001, LONGEST_SECONDS),
    (node, value) => {
      node.intervalMs = value / 1000;
    },
    {
      doc: 'Time from one run to the next',
      since: '1.1.13',
      accept: ['interval 2', 'interval 0.5'],
      reject: [
        ['interval 0', 'out-of-range'],
        ['interval x', 'invalid-number'],
      ],
    },
  ),
  word(
    'timeout',
    seconds(0.000001, LONGEST_SECONDS),
    (node, value) => {
      node.timeoutMs = value / 1000;
    },
    {
      doc: 'A run that takes longer has failed',
      since: '1.2.6',
      accept: ['timeout 5'],
      reject: [['timeout', 'missing-argument']],
    },
  ),
  word(
    'weight',
    weight(-253, 253),
    (node, value) => {
      node.weight = value;
    },
    {
      doc: 'What the result adds to the priority; 0: a failure is a fault',
      since: '0.5.3',
      accept: ['weight -2', 'weight 10 reverse'],
      reject: [
        ['weight 254', 'out-of-range'],
        ['weight heavy', 'invalid-number'],
      ],
    },
  ),
  word(
    'rise',
    COUNT,
    (node, value) => {
      node.rise = value;
    },
    {
      doc: 'Successes in a row that make it OK',
      since: '1.1.18',
      accept: ['rise 2'],
      reject: [['rise 0', 'out-of-range']],
    },
  ),
  word(
    'fall',
    COUNT,
    (node, value) => {
      node.fall = value;
    },
    {
      doc: 'Failures in a row that make it fail',
      since: '1.1.18',
      accept: ['fall 2'],
      reject: [['fall 0', 'out-of-range']],
    },
  ),
  word(
    'user',
    userGroup,
    (node, value) => {
      node.user = value;
    },
    {
      doc: 'Who runs the command',
      since: '1.3.0',
      accept: ['user nobody', 'user nobody nogroup'],
      reject: [['user', 'missing-argument']],
    },
  ),
  word(
    'init_fail',
    flag,
    (node) => {
      node.initFail = true;
    },
    { doc: 'Start as failed instead of OK', since: '1.3.2', accept: ['init_fail'] },
  ),
]);
