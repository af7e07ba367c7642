/** Which balancer carries out which `balance` and `hash-type` (configuration manual, chapter 4.2). */
import type { Balance, HashType } from '../../config/balance.ts';
import type { BackendLoad, Balancer, Candidate } from './balancer.ts';
import { FirstBalancer } from './first.ts';
import { LeastconnBalancer } from './leastconn.ts';
import { MapBalancer } from './map.ts';
import { RandomBalancer } from './random.ts';
import { RingBalancer } from './ring.ts';
import { RoundrobinBalancer } from './roundrobin.ts';
import type { BalanceShare } from './share.ts';
import { StickyBalancer } from './sticky.ts';

export interface BalanceConf {
  readonly balance: Balance;
  readonly hashType: HashType;
  /** What the weights of all servers of the backend, whatever their state, are multiples of. */
  readonly weightUnit: number;
}

export function makeBalancer<C extends Candidate>(
  { balance, hashType, weightUnit }: BalanceConf,
  members: readonly C[],
  share: BalanceShare,
  backendLoad: BackendLoad,
): Balancer<C> {
  switch (balance.algorithm) {
    case 'roundrobin':
      return new RoundrobinBalancer(members, share);
    case 'static-rr':
      return new MapBalancer(members, share, false, weightUnit);
    case 'leastconn':
      return new LeastconnBalancer(members, share);
    case 'first':
      return new FirstBalancer(members, share);
    case 'random':
      return new RandomBalancer(members, hashType, backendLoad, balance.draws);
    case 'sticky':
      return new StickyBalancer(members);
    default:
      if (hashType.method === 'map-based') return new MapBalancer(members, share, true, weightUnit);
      return new RingBalancer(members, share, hashType, backendLoad);
  }
}
