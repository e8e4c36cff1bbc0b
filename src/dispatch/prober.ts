import { afterProbe, kindOfFailure, mayProbe, signOf, withoutProbe, withProbe } from '../domain/breaker.ts';
import type { Destination } from '../domain/destination.ts';
import type { TryResult } from '../domain/settlement.ts';
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { DueDelivery, QueuedStore } from '../store/store.ts';
import { breakerEntry } from './breaker.ts';
import type { DestinationStates } from './destination-states.ts';
import type { Dispatcher } from './dispatcher.ts';

export type ProberParts = Readonly<{
  store: Pick<QueuedStore, 'duePending' | 'claimByIds'>;
  states: Pick<DestinationStates, 'of' | 'change'>;
  dispatcher: Pick<Dispatcher, 'work'>;
  clock: Clock;
  newId: IdGenerator;
  emit: Emit;
  leaseMs: number;
}>;

/** Deliveries that probes take in turn, so that one that always fails does not keep the breaker open. */
const ROTATION = 50;
/** The time that a probe's outcome may take to be written, beyond the attempt's own. */
const MARGIN_MS = 10_000;

/** Asks a destination that is down whether it is back. */
export type Prober = Readonly<{
  /** Sends a probe if one is due; of all nodes one does. Never rejects. */
  probe(destination: Destination): Promise<void>;
}>;

export function createProber({
  store,
  states,
  dispatcher,
  clock,
  newId,
  emit,
  leaseMs,
}: ProberParts): Prober {
  const by = newId(clock.nowMs());

  const end = async (destination: string, result: TryResult | null) => {
    let closed = false;
    try {
      await states.change(destination, (state) => {
        const nowMs = clock.nowMs();
        if (result === null) return { next: withoutProbe(state, by) };
        const isAlive = signOf(result) === 'alive';
        const error = isAlive ? null : kindOfFailure(result);
        const next = afterProbe(state, by, { isAlive, error }, nowMs);
        closed = state.trip !== null && next.trip === null;
        return { next, audit: closed ? breakerEntry('destination.close', destination, null, nowMs) : null };
      });
      if (closed) emit({ type: 'destination.closed', destination });
    } catch (error) {
      emit({ type: 'store.failed', operation: 'destination', error: error as Error });
    }
  };

  /** @returns whether the delivery was still there to be claimed */
  const send = async ({ name }: Destination, { deliveryId, dueAtMs }: DueDelivery): Promise<boolean> => {
    const nowMs = clock.nowMs();
    const request = { deliveryIds: [deliveryId], token: newId(nowMs), nowMs, leaseUntilMs: nowMs + leaseMs };
    const [leased] = (await store.claimByIds(request)).leased;
    if (leased === undefined) return false;
    const ended = (result: TryResult | null) => void end(name, result);
    dispatcher.work(name, { leased, end: () => {}, probe: { dueAtMs, ended } });
    return true;
  };

  return {
    async probe(destination) {
      const { name, timeoutMs } = destination;
      try {
        if (!mayProbe(states.of(name), clock.nowMs())) return;
        const { deliveries } = await store.duePending(name, clock.nowMs(), ROTATION, null);
        if (deliveries.length === 0) return;
        const state = await states.change(name, (before) => {
          const nowMs = clock.nowMs();
          return {
            next: mayProbe(before, nowMs) ? withProbe(before, by, nowMs + timeoutMs + MARGIN_MS) : before,
          };
        });
        if (state.trip?.probing?.by !== by) return;
        const chosen = deliveries[state.trip.probes % deliveries.length]!;
        if (!(await send(destination, chosen))) await end(name, null);
      } catch (error) {
        emit({ type: 'store.failed', operation: 'destination', error: error as Error });
      }
    },
  };
}
