import type { Lease } from '../domain/lease.ts';
import { hasTurnAfter, type Settlement } from '../domain/settlement.ts';
import type { Queue, QueueMessage } from '../queue/queue.ts';
import { isUuid } from '../runtime/ids.ts';
import type { LeaseStore, QueuedStore } from '../store/store.ts';
import type { PassTurns } from './pass-turns.ts';
import type { Publisher } from './publisher.ts';
import {
  createStoreSource,
  type Taken,
  type TakeRequest,
  type Work,
  type WorkSource,
} from './work-source.ts';

export type QueueSourceParts = Readonly<{
  queue: Pick<Queue, 'take' | 'health'>;
  store: Pick<LeaseStore, 'claim'> & Pick<QueuedStore, 'claimByIds'>;
  publisher: Pick<Publisher, 'publishAt'>;
  /** Called with each delivery with an order key that has ended here. */
  passTurns: PassTurns;
}>;

export type QueueSource = WorkSource &
  Readonly<{
    /** When the newest message of the destination that was taken here had been published, or null. */
    takenUntilMs(destination: string): number | null;
  }>;

/** How often the store is asked while the broker is away: no message then announces what other processes accept. */
const AWAY_POLL_MS = 1_000;
/**
 * How long the store is asked as well after the broker is back: what the broker had refused has no message, and the
 * sweep would find it only later.
 */
const RECOVERY_MS = 2_000;
/** Consecutive takes that may bring nothing but messages of deliveries that are done, before other slots are served. */
const MAX_ROUNDS = 8;
/** Difference of clocks that makes a message early. An earlier message still has been replaced by another. */
const SKEW_MS = 5_000;

/**
 * Takes ids from the queue and leases just those deliveries. A delivery that the store does not lease was done, is at
 * work or waits for its retry, so its message is of no use. While the broker is away, work is claimed from the store:
 * leases keep two processes from the same delivery, whichever way each came to it.
 */
export function createQueueSource(parts: QueueSourceParts): QueueSource {
  const { queue } = parts;
  const direct = createStoreSource(parts.store);
  const takenUntil = new Map<string, number>();
  // A queue that was up before anything was published has refused nothing.
  const atStart = queue.health();
  const upFromStartMs = atStart.state === 'up' ? atStart.sinceMs : null;

  const takeDirectly = async (request: TakeRequest): Promise<Taken> => {
    const { work, nextDueAtMs } = await direct.take(request);
    const pollAtMs = request.nowMs + AWAY_POLL_MS;
    return {
      work: work.map(({ leased }) => directWork(parts, request.destination, leased)),
      nextDueAtMs: nextDueAtMs === null ? pollAtMs : Math.min(nextDueAtMs, pollAtMs),
    };
  };

  const takeFromQueue = async (request: TakeRequest): Promise<Taken> => {
    const { destination, limit, nowMs } = request;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const messages = await queue.take(destination, limit);
      // The queue reports the next arrival.
      if (messages.length === 0) return { work: [], nextDueAtMs: null };
      const newestMs = Math.max(...messages.map(({ publishedAtMs }) => publishedAtMs));
      takenUntil.set(destination, latestUpTo(nowMs, newestMs, takenUntil.get(destination)));
      const work = await leaseMessages(parts, messages, request);
      if (work.length > 0) return { work, nextDueAtMs: nowMs };
    }
    return { work: [], nextDueAtMs: nowMs + 1 };
  };

  return {
    async take(request) {
      const { state, sinceMs } = queue.health();
      if (state === 'down') return takeDirectly(request);
      const taken = await takeFromQueue(request);
      const isRecovering = sinceMs !== upFromStartMs && Math.abs(request.nowMs - sinceMs) < RECOVERY_MS;
      return isRecovering && taken.work.length === 0 ? takeDirectly(request) : taken;
    },
    takenUntilMs: (destination) => takenUntil.get(destination) ?? null,
  };
}

/** The latest of the times up to `nowMs`. One in the future is from before a step of the clock. */
function latestUpTo(nowMs: number, ...times: readonly (number | undefined)[]): number {
  return Math.max(
    0,
    ...(times.filter((timeMs) => timeMs !== undefined && timeMs <= nowMs + SKEW_MS) as number[]),
  );
}

/** Work that was claimed from the store: its retry is published, in case the broker is back by then. */
function directWork(parts: QueueSourceParts, destination: string, leased: Work['leased']): Work {
  const { deliveryId } = leased.lease;
  return {
    leased,
    end(settlement) {
      passTurn(parts, leased.lease, destination, settlement);
      if (settlement?.kind === 'retry') {
        parts.publisher.publishAt({ destination, deliveryId }, settlement.dueAtMs);
      }
    },
  };
}

/** Leases the deliveries of the messages as far as they can be, and ends the messages of all others. */
async function leaseMessages(
  parts: QueueSourceParts,
  messages: readonly QueueMessage[],
  { destination, token, nowMs, leaseUntilMs }: TakeRequest,
): Promise<Work[]> {
  const { store, publisher } = parts;
  const byId = Map.groupBy(messages, ({ deliveryId }) => deliveryId);
  // Anyone with access to the broker can put anything there.
  const deliveryIds = [...byId.keys()].filter(isUuid);
  const outcome = await store
    .claimByIds({ deliveryIds, token, nowMs, leaseUntilMs })
    .catch((error: unknown) => {
      for (const message of messages) void message.release();
      throw error;
    });
  // Of a message that the queue gave out twice, one copy is needed.
  const pick = (deliveryId: string) => byId.get(deliveryId)!.pop()!;
  const work = outcome.leased.map((leased): Work => {
    const message = pick(leased.lease.deliveryId);
    return {
      leased,
      end: (settlement) => {
        passTurn(parts, leased.lease, destination, settlement);
        endMessage(publisher, message, settlement);
      },
    };
  });
  for (const deliveryId of outcome.left) void pick(deliveryId).release();
  for (const { deliveryId, dueAtMs } of outcome.early) {
    if (dueAtMs <= nowMs + SKEW_MS) publisher.publishAt({ destination, deliveryId }, dueAtMs);
  }
  for (const message of [...byId.values()].flat()) void message.ack();
  return work;
}

/** A delivery that is retried, or blocks its key, keeps the turn. */
function passTurn(
  { passTurns }: QueueSourceParts,
  { deliveryId, orderKey }: Lease,
  destination: string,
  settlement: Settlement | null,
): void {
  if (orderKey === null || settlement === null || hasTurnAfter(settlement)) return;
  passTurns({ destination, deliveryId });
}

function endMessage(
  publisher: QueueSourceParts['publisher'],
  message: QueueMessage,
  settlement: Settlement | null,
): void {
  if (settlement?.kind === 'released') {
    void message.release();
    return;
  }
  void message.ack();
  if (settlement?.kind === 'retry') publisher.publishAt(message, settlement.dueAtMs);
}
