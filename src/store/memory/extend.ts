import type { Lease } from '../../domain/lease.ts';
import { heldBy } from './settle.ts';
import type { State } from './state.ts';

/** @see LeaseStore.extend. A heartbeat does not change the delivery: `updatedAtMs` stays. */
export function extend(state: State, lease: Lease, untilMs: number): 'extended' | 'lost' {
  const delivery = heldBy(state, lease);
  if (delivery === null) return 'lost';
  state.deliveries.set(delivery.id, { ...delivery, lease: { ...delivery.lease!, untilMs } });
  return 'extended';
}
