import { describe, expect, it } from 'vitest';
import { instanceWith, readText } from '../grammar/keepalived/reading.ts';

const instanceOf = (...lines: string[]) => readText(instanceWith(...lines)).config!.instances[0]!;
const codesOf = (...lines: string[]) => readText(instanceWith(...lines)).codes.map((code) => code.split(' ')[0]);
const script = (...lines: string[]) => readText(['vrrp_script chk {', ...lines, '}', ''].join('\n')).config!.scripts[0];

describe('defaults', () => {
  it("are keepalived's for an instance", () => {
    expect(instanceOf()).toMatchObject({
      initialState: 'BACKUP',
      priority: 100,
      version: 2,
      family: 4,
      advertIntervalCs: 100,
      nopreempt: false,
      preemptDelayMs: 0,
      auth: null,
      mcastSrcIp: null,
      unicastPeers: [],
      accept: true,
      strict: false,
      dontTrackPrimary: false,
      garp: {
        masterDelayMs: 5000,
        masterRepeat: 5,
        masterRefreshMs: 0,
        masterRefreshRepeat: 1,
        lowerPrioDelayMs: 5000,
        lowerPrioRepeat: 5,
        intervalUs: 0,
      },
      virtualAddresses: [
        {
          address: '192.0.2.10',
          prefixLength: 32,
          device: 'eth0',
          label: null,
          scope: 0,
          broadcast: null,
          noTrack: false,
        },
      ],
    });
  });

  it("are keepalived's for a script", () => {
    expect(script('script /bin/true')).toMatchObject({
      intervalMs: 1000,
      timeoutMs: 0,
      weight: 0,
      weightReverse: false,
      rise: 1,
      fall: 1,
      initFail: false,
      script: { argv: ['/bin/true'], user: null, group: null },
    });
  });

  it("are keepalived's for everything else", () => {
    expect(readText('').config!.globalDefs).toMatchObject({
      vrrpVersion: 2,
      startupDelayMs: 0,
      mcastGroup4: '224.0.0.18',
      mcastGroup6: 'ff02::12',
      enableScriptSecurity: false,
      scriptUser: null,
    });
  });

  it('of the priority depends on the state', () => {
    expect(instanceOf('state MASTER')).toMatchObject({ priority: 255, initialState: 'MASTER' });
    expect(instanceOf('state BACKUP', 'priority 255')).toMatchObject({ priority: 255, initialState: 'MASTER' });
  });

  it('of an instance come from global_defs', () => {
    const { config } = readText(
      `global_defs {\nvrrp_version 3\nvrrp_garp_master_delay 2\nvrrp_garp_lower_prio_repeat 9\n}\n${instanceWith('garp_master_repeat 3')}`,
    );
    expect(config!.instances[0]).toMatchObject({
      version: 3,
      garp: { masterDelayMs: 2000, lowerPrioDelayMs: 2000, masterRepeat: 3, lowerPrioRepeat: 9 },
    });
  });

  it('of garp_lower_prio_delay is the global garp_master_delay', () => {
    expect(instanceOf('garp_master_delay 9').garp).toMatchObject({ masterDelayMs: 9000, lowerPrioDelayMs: 5000 });
  });

  it('of the interface is default_interface', () => {
    const { config } = readText(
      'global_defs {\ndefault_interface eth1\n}\nvrrp_instance A {\nvirtual_router_id 1\n}\n',
    );
    expect(config!.instances[0]!.interface).toBe('eth1');
  });
});

describe('what keepalived changes of what was written', () => {
  it.each([
    ['nopreempt of a master', ['state MASTER', 'priority 100', 'nopreempt'], 'nopreempt-ignored', { nopreempt: false }],
    ['nopreempt of an owner', ['priority 255', 'nopreempt'], 'nopreempt-ignored', { nopreempt: false }],
    [
      'preempt_delay of a master',
      ['state MASTER', 'priority 100', 'preempt_delay 5'],
      'preempt-delay-ignored',
      { preemptDelayMs: 0 },
    ],
    [
      'preempt_delay with nopreempt',
      ['nopreempt', 'preempt_delay 5'],
      'preempt-delay-ignored',
      { preemptDelayMs: 0, nopreempt: true },
    ],
    ['a fractional interval', ['advert_int 1.5'], 'advert-interval-rounded', { advertIntervalCs: 200 }],
    ['an interval below a second', ['advert_int 0.2'], 'advert-interval-rounded', { advertIntervalCs: 100 }],
    [
      'a long interval of version 3',
      ['version 3', 'advert_int 60'],
      'advert-interval-rounded',
      { advertIntervalCs: 4095 },
    ],
    [
      'a long password',
      ['authentication {', 'auth_type PASS', 'auth_pass 123456789', '}'],
      'auth-pass-truncated',
      { auth: { type: 'PASS', password: '12345678' } },
    ],
    ['a password without type', ['authentication {', 'auth_pass x', '}'], 'auth-type-missing', { auth: null }],
    [
      'authentication of version 3',
      ['version 3', 'authentication {', 'auth_type PASS', 'auth_pass x', '}'],
      'auth-ignored',
      { auth: null },
    ],
    [
      'state MASTER with AH',
      ['state MASTER', 'priority 9', 'authentication {', 'auth_type AH', 'auth_pass x', '}'],
      'state-ignored',
      { initialState: 'BACKUP' },
    ],
    [
      'the own interface among the tracked',
      ['track_interface {', 'eth0', 'eth1', '}'],
      'own-interface-tracked',
      { trackInterfaces: [{ name: 'eth1', weight: 0 }] },
    ],
    ['an address twice', ['virtual_ipaddress {', '192.0.2.10', '}'], 'duplicate-address', {}],
  ] as const)('%s', (_what, lines, code, result) => {
    expect(codesOf(...lines)).toContain(code);
    expect(instanceOf(...lines)).toMatchObject(result);
  });

  const owned = 'vrrp_script chk {\nscript /bin/true\nweight 5\n}\n';
  const group = 'vrrp_sync_group G {\ngroup {\nVI_1\n}\n';
  it.each([
    ['of an address owner', `${owned}${instanceWith('priority 255', 'track_script {', 'chk', '}')}`],
    ['of an owner by interface', instanceWith('priority 255', 'track_interface {', 'eth1 weight 5', '}')],
    ['of a member of a group', `${owned}${instanceWith('track_script {', 'chk', '}')}${group}}\n`],
  ])('a weight %s', (_what, text) => {
    const { config, codes } = readText(text);
    expect(codes.join()).toContain('weight-ignored');
    expect(config!.instances[0]).toMatchObject({ trackScripts: [], trackInterfaces: [] });
  });

  it('keeps the weight of a member whose group says so', () => {
    const { config } = readText(
      `${owned}${instanceWith('track_script {', 'chk', '}')}${group}sync_group_tracking_weight\n}\n`,
    );
    expect(config!.instances[0]!.trackScripts).toHaveLength(1);
  });

  it('keeps what is right', () => {
    expect(codesOf('state BACKUP', 'nopreempt', 'priority 100', 'version 3', 'advert_int 0.3')).toEqual([]);
    expect(instanceOf('nopreempt', 'version 3', 'advert_int 0.3')).toMatchObject({
      nopreempt: true,
      advertIntervalCs: 30,
    });
  });

  it('an address list without addresses', () => {
    expect(readText('vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\n}\n').codes).toEqual(['no-address 1:15']);
    expect(readText('vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nno_virtual_ipaddress\n}\n').codes).toEqual(
      [],
    );
  });
});

describe('addresses', () => {
  const addressOf = (line: string) => instanceOf('virtual_ipaddress {', line, '}').virtualAddresses[1];
  it.each([
    ['192.0.2.77/26 brd +', { address: '192.0.2.77', prefixLength: 26, broadcast: '192.0.2.127' }],
    ['192.0.2.77/26 broadcast -', { broadcast: '192.0.2.64' }],
    ['10.1.2.3/8 brd 10.255.255.255', { broadcast: '10.255.255.255' }],
    ['10.1.2.3/0 brd +', { broadcast: '255.255.255.255' }],
    [
      '192.0.2.1 dev eth1 label eth1:vip scope link no_track',
      { device: 'eth1', label: 'eth1:vip', scope: 253, noTrack: true },
    ],
    ['192.0.2.1 scope 42', { scope: 42 }],
  ])('%s', (line, result) => {
    expect(addressOf(line)).toMatchObject(result);
  });

  it('of IPv6 make version 3, which is not carried out and says so', () => {
    const { config, codes } = readText(
      'vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n2001:db8::1/64\n}\n}\n',
    );
    expect(config!.instances[0]).toMatchObject({ family: 6, version: 3 });
    expect(codes).toEqual(['not-carried-out 5:1']);
  });
});

describe('scripts', () => {
  it('are split as a shell would, without one', () => {
    expect(script(`script "/bin/sh -c 'kill -0 1'"`, 'user nobody root')!.script).toMatchObject({
      argv: ['/bin/sh', '-c', 'kill -0 1'],
      text: "/bin/sh -c 'kill -0 1'",
      user: 'nobody',
      group: 'root',
    });
  });

  it('take times in decimals', () => {
    expect(script('script /bin/true', 'interval 0.25', 'timeout 1.5')).toMatchObject({
      intervalMs: 250,
      timeoutMs: 1500,
    });
  });

  it('run as the user of the block or script_user, and lose words behind the command', () => {
    expect(script('script /bin/true', 'user root')!.script.user).toBe('root');
    expect(script('script /bin/true nobody')!.script).toMatchObject({ argv: ['/bin/true'], user: null });
    const { config } = readText('global_defs {\nscript_user nobody\n}\nvrrp_script chk {\nscript /bin/true\n}\n');
    expect(config!.scripts[0]!.script.user).toBe('nobody');
  });

  const tracked = (before: string, after = '') =>
    readText(`${before}${instanceWith('track_script {', 'chk weight -5', '}')}${after}`);
  const block = 'vrrp_script chk {\nscript /bin/true\nweight 7 reverse\n}\n';

  it('have the weight of the use before their own', () => {
    expect(tracked(block).config!.instances[0]!.trackScripts).toEqual([
      { script: 'chk', weight: -5, weightReverse: false },
    ]);
    const { config } = readText(`${block}${instanceWith('track_script {', 'chk', '}')}`);
    expect(config!.instances[0]!.trackScripts).toEqual([{ script: 'chk', weight: 7, weightReverse: true }]);
  });

  it('may be defined below their use, which keepalived does not allow', () => {
    const { config, codes } = tracked('', block);
    expect(codes).toContain('script-defined-later 8:3');
    expect(config!.instances[0]!.trackScripts).toHaveLength(1);
  });

  it('that do not exist are not tracked', () => {
    expect(tracked('').config!.instances[0]!.trackScripts).toEqual([]);
  });
});

describe('the verdict', () => {
  const seed = instanceWith('state MASTER', 'priority 101', 'nopreempt', 'debug').replace('eth0', 'eth7');

  it('is kind by default: what has no effect or is not here is a warning', () => {
    const { codes, exit, diagnostics } = readText(seed);
    expect(codes).toEqual(['interface-not-here 2:13', 'nopreempt-ignored 9:3', 'not-carried-out 10:3']);
    expect(diagnostics.every((each) => each.severity === 'warning')).toBe(true);
    expect(exit).toBe(0);
  });

  it.each([
    ['an interface that is not here', instanceWith().replace('eth0', 'eth7'), 0, 5],
    ['a script that is not here', 'vrrp_script chk {\nscript /nonexistent\n}\n', 0, 5],
    ['a notify script that is not here', instanceWith('notify_master /nonexistent'), 0, 0],
    ['a user that is not here', 'global_defs {\nscript_user somebody\n}\n', 0, 5],
    ['nopreempt of a master', instanceWith('state MASTER', 'priority 9', 'nopreempt'), 0, 5],
    ['a script without script security', instanceWith('notify /bin/true'), 0, 6],
    ['the same with an error', instanceWith('notify /bin/true', 'foo'), 5, 6],
    ['debug without a level', instanceWith('debug'), 0, 2],
    ['debug with a level', instanceWith('debug 2'), 0, 0],
    ['a deprecated word', instanceWith('lvs_sync_daemon_interface eth0'), 0, 5],
    ['a word that is gone', 'global_defs {\nlvs_id X\n}\n', 0, 5],
    ['a missing number', instanceWith('priority'), 2, 2],
    ['an unknown word', instanceWith('foo'), 5, 5],
    ['a word of 2.4', instanceWith('auth_hmac {', '}'), 0, 5],
    ['a long password', instanceWith('authentication {', 'auth_type PASS', 'auth_pass 123456789', '}'), 0, 5],
    ['more words than a line takes', instanceWith('nopreempt really'), 0, 0],
    ['nothing wrong', instanceWith(), 0, 0],
  ])('on %s', (_what, text, byDefault, original) => {
    expect(readText(text).exit).toBe(byDefault);
    expect(readText(text, { compat: 'keepalived-2.2' }).exit).toBe(original);
  });

  it('knows a word of 2.4 under 2.4', () => {
    expect(readText(instanceWith('auth_hmac {', '}'), { compat: 'keepalived-2.4' }).exit).toBe(0);
  });

  it('asks nothing of the machine when told so', () => {
    expect(readText(seed.replace('  debug\n', ''), { compat: 'keepalived-2.2', assumeFiles: true }).codes).toEqual([
      'nopreempt-ignored 9:3',
    ]);
  });

  it('knows several problems from too many', () => {
    const many = readText('foo\n'.repeat(3000));
    expect(many.diagnostics).toHaveLength(1001);
    expect(many.codes.at(-1)).toBe('too-many-problems 1001:1');
    const warnings = readText(`${'instance x\n'.repeat(3000)}foo\n`);
    expect(warnings.exit).toBe(5);
  });
});

describe('names', () => {
  it('may be UTF-8', () => {
    const { config, lines } = readText(
      Buffer.from(instanceWith('é 1').replace('VI_1', '主'), 'utf8').toString('latin1'),
    );
    expect(config!.instances[0]!.name).toBe('主');
    expect(lines).toEqual(["(keepalived.conf: Line 7) Unknown keyword 'é' (column 3)"]);
  });
});
