import { SYSTEM } from '../domain/audit.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { EventView } from '../domain/event.ts';
import type { OperateStore } from '../store/store.ts';

/**
 * Replays what an event that its provider sent again has given up, as the button "redeliver" of a provider asks for. Once
 * for each delivery, and never a replay: a provider that repeats a poison event for days causes one.
 * @returns the event with the status that it has then
 * @throws StoreError when the store fails; the provider is then to send the event again
 */
export type ReplayRedelivered = (event: EventView, nowMs: number) => Promise<EventView>;

export type ReplayRedeliveredParts = Readonly<{
  store: Pick<OperateStore, 'replay'>;
  /** Destinations that get no deliveries now. */
  closed?: (() => readonly string[]) | undefined;
  /** Called with each delivery that has become due. */
  onPending: (delivery: Pick<Delivery, 'id' | 'destination'>) => void;
}>;

/** Before the answer, so that an answer says that it is done: a process that dies before has answered nothing. */
export function createReplayRedelivered(parts: ReplayRedeliveredParts): ReplayRedelivered {
  const { store, closed = () => [], onPending } = parts;
  const replay = async (source: string, target: string, nowMs: number): Promise<boolean> => {
    const after = { reason: 'redelivery', source };
    const entry = {
      atMs: nowMs,
      actor: SYSTEM,
      action: 'delivery.replay',
      target,
      before: null,
      after,
    } as const;
    const outcome = await store.replay(target, nowMs, { closed: closed() }, entry);
    if (outcome.kind !== 'replayed') return false;
    // A delivery that waits for its turn is announced when the turn comes.
    if (outcome.delivery.turn !== 'waits') onPending(outcome.delivery);
    return true;
  };
  return async (event, nowMs) => {
    let isReplayed = false;
    for (const id of event.givenUp) if (await replay(event.source, id, nowMs)) isReplayed = true;
    return isReplayed && event.status === 'failed' ? { ...event, status: 'pending' } : event;
  };
}
