import type { BulkOperation, OperationKind } from '../domain/operation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { BrowseStore, QueuedStore } from '../store/store.ts';

/** What an operation waits for: the queue is half full, or deliveries of a destination are due for too long. */
export type Pressure = Readonly<{ kind: 'queue' }> | Readonly<{ kind: 'lag'; destination: string }>;

/** Deliveries that are due for longer make an operation wait, so that live ones do not stand behind its own. */
export const LAG_MS = 2_000;
/** The share of QUEUE_MAXSIZE that is left to live deliveries. */
const SHARE_LEFT = 0.5;
/** How long what was seen of the queue is taken for true. */
const SEEN_FOR_MS = 200;

/** Kinds after which deliveries are due that were not before. */
const FEEDING: ReadonlySet<OperationKind> = new Set<OperationKind>([
  'replay',
  'route',
  'reverify',
  'release',
]);

export type PressureParts = Readonly<{
  store: Pick<BrowseStore, 'stats'> & Pick<QueuedStore, 'duePending'>;
  clock: Clock;
  /** The limit of pending deliveries. */
  maxPending: number;
  /** Whether the destination gets no deliveries now: what waits for it is no lag. */
  isClosed: (destination: string) => boolean;
  /** Names of the configuration in effect. */
  destinations: () => readonly string[];
}>;

/** Says what an operation has to wait for now, or null. */
export type MeasurePressure = (operation: BulkOperation) => Promise<Pressure | null>;

export function createMeasurePressure(parts: PressureParts): MeasurePressure {
  const { store, clock, maxPending, isClosed } = parts;
  let seen: Readonly<{ atMs: number; pending: number }> | null = null;
  const pending = async () => {
    const nowMs = clock.nowMs();
    if (seen !== null && nowMs >= seen.atMs && nowMs - seen.atMs < SEEN_FOR_MS) return seen.pending;
    const { counts, held } = await store.stats();
    const all = counts.reduce((sum, { status, count }) => sum + (status === 'pending' ? count : 0), 0);
    seen = { atMs: nowMs, pending: all - held.reduce((sum, { count }) => sum + count, 0) };
    return seen.pending;
  };
  const isLate = async (destination: string) => {
    const nowMs = clock.nowMs();
    const { deliveries } = await store.duePending(destination, nowMs, 1, null);
    return deliveries.some(({ dueAtMs }) => nowMs - dueAtMs > LAG_MS);
  };
  return async (operation) => {
    if (operation.state === 'taking_back' || !FEEDING.has(operation.kind)) return null;
    if ((await pending()) >= maxPending * SHARE_LEFT) return { kind: 'queue' };
    const known = parts.destinations();
    const own = Object.keys(operation.destinations);
    const fed = operation.kind === 'reverify' ? known : known.filter((name) => own.includes(name));
    for (const destination of fed) {
      if (!isClosed(destination) && (await isLate(destination))) return { kind: 'lag', destination };
    }
    return null;
  };
}
