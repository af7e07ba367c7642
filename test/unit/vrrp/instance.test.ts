/** The VRRP state machine: each rule by example, then what must never happen by properties over whole links. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packInet4 } from '../../../src/os/address.ts';
import { skewMs } from '../../../src/vrrp/instance.ts';
import { clear, type SimulatedRouter, Simulation } from './simulation.ts';

const hear = (router: SimulatedRouter, priority: number, address = '10.0.0.200'): void =>
  router.instance.receive({ priority, source: packInet4(address), sourceText: address, intervalMs: 1000 });

function backup(basePriority: number, more: object = {}): { simulation: Simulation; router: SimulatedRouter } {
  const simulation = new Simulation();
  const router = simulation.add({ basePriority, ...more });
  router.instance.start(clear);
  return { simulation, router };
}

function master(basePriority: number, more: object = {}): { simulation: Simulation; router: SimulatedRouter } {
  const made = backup(basePriority, more);
  made.simulation.advance(4000);
  expect(made.router.instance.state).toBe('MASTER');
  made.router.events.length = 0;
  return made;
}

describe('times', () => {
  it('counts the skew as RFC 3768 and RFC 5798 do', () => {
    expect(skewMs(2, 100, 1000)).toBe(609.375);
    expect(skewMs(2, 103, 3000)).toBe(597.65625);
    expect(skewMs(3, 100, 100)).toBe(60.9375);
    expect(skewMs(2, 255, 1000)).toBeCloseTo(3.90625);
  });

  it('takes over after three intervals and the skew, not before', () => {
    const { simulation, router } = backup(100);
    simulation.advance(3609);
    expect(router.events).toEqual(['BACKUP']);
    simulation.advance(1);
    expect(router.events).toEqual(['BACKUP', 'send 100', 'MASTER']);
    expect(router.lines).toContain('(R1) Receive advertisement timeout');
    expect(router.lines.at(-1)).toBe('(R1) Entering MASTER STATE');
  });

  it('starts as a backup even when the configuration says MASTER', () => {
    const { simulation, router } = backup(101, { initialState: 'MASTER' });
    expect(router.lines).toEqual(['(R1) Entering BACKUP STATE (init)']);
    simulation.advance(3600);
    expect(router.instance.state).toBe('BACKUP');
  });

  it('goes on as master in the place of a process that died as one', () => {
    const router = new Simulation().add({ basePriority: 100 });
    router.instance.start(clear, true);
    expect(router.events).toEqual(['send 100', 'MASTER']);
  });

  it('does not go on as master when something tracked has failed meanwhile', () => {
    const router = new Simulation().add({ basePriority: 100 });
    router.instance.start({ ...clear, pending: true }, true);
    expect(router.events).toEqual([]);
    router.instance.setTracking({ ...clear, faulty: true });
    expect(router.events).toEqual(['FAULT']);
    router.instance.setTracking(clear);
    expect(router.events).toEqual(['FAULT', 'BACKUP']);
  });

  it('advertises every interval without drift', () => {
    const { simulation, router } = master(100);
    simulation.advance(10_000);
    expect(router.events).toEqual(new Array(10).fill('send 100'));
  });

  it('does not make up for adverts it missed while it was stopped', () => {
    const { simulation, router } = master(100);
    simulation.now += 60_000;
    simulation.advance(2500);
    expect(router.events.length).toBeLessThanOrEqual(3);
  });

  it('the owner is master at once', () => {
    const { router } = backup(255, { initialState: 'MASTER' });
    expect(router.events).toEqual(['send 255', 'MASTER']);
  });

  it('an owner that starts as BACKUP waits its turn', () => {
    expect(backup(255).router.events).toEqual(['BACKUP']);
  });
});

describe('a backup', () => {
  it('waits as long as a better or equal master speaks', () => {
    for (const priority of [100, 150, 255]) {
      const { simulation, router } = backup(100);
      for (let i = 0; i < 20; i++) {
        simulation.advance(1000);
        hear(router, priority);
      }
      expect(router.events).toEqual(['BACKUP']);
      simulation.advance(3609);
      expect(router.instance.state).toBe('BACKUP');
      simulation.advance(1);
      expect(router.instance.state).toBe('MASTER');
    }
  });

  it('discards a worse master and takes over', () => {
    const { simulation, router } = backup(100);
    for (let i = 0; i < 3; i++) {
      simulation.advance(1000);
      hear(router, 99);
    }
    simulation.advance(610);
    expect(router.instance.state).toBe('MASTER');
    expect(router.lines).toContain('(R1) received lower priority (99) advert from 10.0.0.200 - discarding');
  });

  it('bears a worse master under nopreempt', () => {
    const { simulation, router } = backup(200, { nopreempt: true });
    for (let i = 0; i < 20; i++) {
      simulation.advance(1000);
      hear(router, 1);
    }
    expect(router.instance.state).toBe('BACKUP');
    simulation.advance(4000);
    expect(router.instance.state).toBe('MASTER');
  });

  it('bears a worse master for preempt_delay', () => {
    const { simulation, router } = backup(150, { preemptDelayMs: 3000 });
    let at = 0;
    while (router.instance.state === 'BACKUP' && at < 20_000) {
      simulation.advance(1000);
      at += 1000;
      hear(router, 100);
    }
    // The first advert starts the delay; the last one borne is at 3 s, so the down timer ends at 6.4 s.
    expect(at).toBe(7000);
    expect(router.lines).toContain('(R1) start preempt delay (3.000000)');
  });

  it('forgets the delay when a better master speaks', () => {
    const { simulation, router } = backup(150, { preemptDelayMs: 3000 });
    hear(router, 100);
    simulation.advance(1000);
    hear(router, 200);
    expect(router.lines).toContain('(R1) stop preempt delay');
  });

  it('waits for its skew only after a goodbye', () => {
    const { simulation, router } = backup(100);
    hear(router, 150);
    simulation.advance(200);
    hear(router, 0);
    simulation.advance(609);
    expect(router.instance.state).toBe('BACKUP');
    simulation.advance(1);
    expect(router.instance.state).toBe('MASTER');
    expect(router.instance.stats.priorityZeroReceived).toBe(1);
  });

  it('learns the interval of the master under version 3', () => {
    const { simulation, router } = backup(100, { version: 3 });
    router.instance.receive({ priority: 150, source: packInet4('10.0.0.9'), sourceText: '10.0.0.9', intervalMs: 100 });
    simulation.advance(300 + 60);
    expect(router.instance.state).toBe('BACKUP');
    simulation.advance(1);
    expect(router.instance.state).toBe('MASTER');
  });

  it('moves its timeout with its priority', () => {
    const { simulation, router } = backup(100);
    router.instance.setTracking({ ...clear, weight: 100 });
    expect(router.lines.at(-1)).toBe('(R1) Changing effective priority from 100 to 200');
    simulation.advance(3219);
    expect(router.instance.state).toBe('MASTER');
  });
});

describe('a master', () => {
  it('gives way to a higher priority', () => {
    const { router } = master(100);
    hear(router, 101, '10.0.0.7');
    expect(router.events).toEqual(['BACKUP']);
    expect(router.lines).toContain('(R1) Master received advert from 10.0.0.7 with higher priority 101, ours 100');
    expect(router.instance.stats.releasedMaster).toBe(1);
  });

  it('gives way to the same priority with a higher address only', () => {
    const { router } = master(100);
    hear(router, 100, '10.0.0.0');
    expect(router.instance.state).toBe('MASTER');
    hear(router, 100, '10.0.0.2');
    expect(router.instance.state).toBe('BACKUP');
    expect(router.lines).toContain(
      '(R1) Master received advert from 10.0.0.2 with same priority 100 but higher IP address than ours',
    );
  });

  it('compares addresses as numbers, not as text', () => {
    const { router } = master(100);
    hear(router, 100, '9.255.255.255');
    expect(router.instance.state).toBe('MASTER');
  });

  it('answers a worse one with an advert and a word to the world', () => {
    const { router } = master(100);
    hear(router, 50);
    expect(router.events).toEqual(['send 100']);
    expect(router.lowerPriorityHeard).toBe(1);
  });

  it('answers a goodbye with an advert', () => {
    const { router } = master(100);
    hear(router, 0);
    expect(router.events).toEqual(['send 100']);
    expect(router.instance.state).toBe('MASTER');
  });

  it('changes nothing for an advert from its own address', () => {
    const { router } = master(100);
    hear(router, 255, '10.0.0.1');
    expect(router.events).toEqual([]);
    expect(router.instance.state).toBe('MASTER');
  });

  it('says goodbye when it stops, once', () => {
    const { simulation, router } = master(100);
    router.instance.stop();
    router.instance.stop();
    expect(router.events).toEqual(['send 0', 'STOP']);
    expect(router.timer).toBeNull();
    simulation.advance(10_000);
    hear(router, 1);
    expect(router.events).toEqual(['send 0', 'STOP']);
  });

  it('starts over after its skew when an address is taken from it', () => {
    const { simulation, router } = master(101);
    router.instance.loseAddress();
    expect(router.events).toEqual(['BACKUP']);
    simulation.advance(606);
    expect(router.events).toEqual(['BACKUP', 'send 101', 'MASTER']);
  });
});

describe('tracking', () => {
  it('keeps waiting for the first result of a script', () => {
    const simulation = new Simulation();
    const router = simulation.add({ basePriority: 100 });
    router.instance.start({ ...clear, pending: true });
    simulation.advance(10_000);
    expect(router.events).toEqual([]);
    router.instance.setTracking(clear);
    expect(router.lines).toEqual(['(R1) Entering BACKUP STATE']);
  });

  it('goes from INIT to FAULT when the first result is bad', () => {
    const simulation = new Simulation();
    const router = simulation.add({ basePriority: 100 });
    router.instance.start({ ...clear, pending: true });
    router.instance.setTracking({ ...clear, faulty: true });
    expect(router.events).toEqual(['FAULT']);
  });

  it('gives up mastership with a goodbye, and comes back as a backup', () => {
    const { simulation, router } = master(100);
    router.instance.setTracking({ ...clear, faulty: true });
    expect(router.events).toEqual(['send 0', 'FAULT']);
    expect(router.timer).toBeNull();
    hear(router, 50);
    expect(router.instance.state).toBe('FAULT');
    router.instance.setTracking(clear);
    expect(router.events.at(-1)).toBe('BACKUP');
    simulation.advance(3610);
    expect(router.instance.state).toBe('MASTER');
  });

  it('keeps the priority between 1 and 254, and the owner at 255', () => {
    for (const [base, weight, expected] of [
      [100, 3, 103],
      [100, -2, 98],
      [100, -253, 1],
      [200, 253, 254],
      [254, 1, 254],
      [255, -200, 255],
    ] as const) {
      const { router } = backup(base);
      router.instance.setTracking({ ...clear, weight });
      expect(router.instance.priority).toBe(expected);
    }
  });

  it('a failing script on the master hands over to a better backup', () => {
    const simulation = new Simulation();
    const a = simulation.add({ basePriority: 101 });
    const b = simulation.add({ basePriority: 100 });
    a.instance.start(clear);
    simulation.advance(100);
    b.instance.start(clear);
    simulation.advance(5000);
    expect(simulation.masters()).toEqual([a]);
    a.instance.setTracking({ ...clear, weight: -2 });
    simulation.advance(5000);
    expect(simulation.masters()).toEqual([b]);
    a.instance.setTracking(clear);
    simulation.advance(5000);
    expect(simulation.masters()).toEqual([a]);
  });
});

describe('a reload', () => {
  it('keeps state and timer', () => {
    const { simulation, router } = master(100);
    simulation.advance(500);
    const before = router.timer;
    router.instance.reconfigure({ ...router.instance.policy, basePriority: 120 });
    expect(router.instance.state).toBe('MASTER');
    expect(router.timer).toBe(before);
    simulation.advance(1000);
    expect(router.events).toEqual(['send 120']);
  });
});

type Step =
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'kill' | 'revive' | 'stop' | 'fault' | 'recover'; readonly who: number }
  | { readonly kind: 'weigh'; readonly who: number; readonly weight: number }
  | { readonly kind: 'cut' | 'mend' };

const who = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 5000 }) }) },
  fc.record({
    kind: fc.constantFrom('kill' as const, 'revive' as const, 'stop' as const, 'fault' as const, 'recover' as const),
    who,
  }),
  fc.record({ kind: fc.constant('weigh' as const), who, weight: fc.integer({ min: -60, max: 60 }) }),
  fc.record({ kind: fc.constantFrom('cut' as const, 'mend' as const) }),
);

function take(simulation: Simulation, one: Step): void {
  const router = 'who' in one ? simulation.routers[one.who]! : undefined;
  switch (one.kind) {
    case 'advance':
      simulation.advance(one.ms);
      return;
    case 'kill':
      router!.alive = false;
      return;
    case 'revive':
      router!.alive = true;
      return;
    case 'stop':
      if (router!.alive) router!.instance.stop();
      return;
    case 'fault':
      router!.instance.setTracking({ ...clear, faulty: true });
      return;
    case 'recover':
      router!.instance.setTracking(clear);
      return;
    case 'weigh':
      router!.instance.setTracking({ ...clear, weight: one.weight });
      return;
    case 'cut':
      simulation.connected = () => false;
      return;
    case 'mend':
      simulation.connected = () => true;
      return;
  }
}

function checkTimer({ instance, timer }: SimulatedRouter): void {
  const runs = instance.state === 'BACKUP' || instance.state === 'MASTER';
  expect(timer !== null).toBe(runs);
  expect(instance.timerAt).toBe(timer);
}

describe('whatever happens', () => {
  const priorities = fc.array(fc.integer({ min: 1, max: 254 }), { minLength: 3, maxLength: 3 });

  it('there is one timer in BACKUP and MASTER and none elsewhere', () => {
    fc.assert(
      fc.property(priorities, fc.array(step, { maxLength: 40 }), (bases, steps) => {
        const simulation = new Simulation();
        for (const basePriority of bases) simulation.add({ basePriority }).instance.start(clear);
        for (const one of steps) {
          take(simulation, one);
          simulation.routers.forEach(checkTimer);
        }
      }),
    );
  });

  it('those that hear each other end with one master, the best of the living', () => {
    fc.assert(
      fc.property(priorities, fc.boolean(), fc.array(step, { maxLength: 40 }), (bases, nopreempt, steps) => {
        const simulation = new Simulation();
        for (const basePriority of bases) simulation.add({ basePriority, nopreempt }).instance.start(clear);
        for (const one of steps) take(simulation, one);
        simulation.connected = () => true;
        simulation.advance(15_000);
        const able = simulation.routers.filter(
          (each) => each.alive && ['BACKUP', 'MASTER'].includes(each.instance.state),
        );
        expect(simulation.masters().length).toBe(able.length === 0 ? 0 : 1);
        if (nopreempt || able.length === 0) return;
        const best = Math.max(...able.map((each) => each.instance.priority));
        expect(simulation.masters()[0]!.instance.priority).toBe(best);
      }),
    );
  });

  it('two masters that hear each other are one again within an interval', () => {
    fc.assert(
      fc.property(priorities, fc.integer({ min: 1, max: 4000 }), (bases, apartMs) => {
        const simulation = new Simulation();
        simulation.connected = () => false;
        for (const basePriority of bases) simulation.add({ basePriority }).instance.start(clear);
        simulation.advance(4000 + apartMs);
        expect(simulation.masters().length).toBe(3);
        simulation.connected = () => true;
        simulation.advance(1000 + 2 * simulation.latencyMs);
        expect(simulation.masters().length).toBe(1);
      }),
    );
  });
});
