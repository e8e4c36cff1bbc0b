import type { AuditEntry } from '../domain/audit.ts';
import { type DestinationState, INITIAL_STATE, standingAt } from '../domain/destination-state.ts';
import { type Addressee, destinationOf, orderKeyOf } from '../domain/order.ts';
import type { Clock } from '../runtime/clock.ts';
import { createMutex } from '../runtime/mutex.ts';
import { createSignal } from '../runtime/signal.ts';
import type { DestinationStore, KeptDestination, SharedStore } from '../store/store.ts';

/** The state that a change makes, or the same object for none, and the row that it writes. */
export type Change = Readonly<{ next: DestinationState; audit?: AuditEntry | null }>;

/** What this process knows of destinations: the store's states, as of the last look. */
export type DestinationStates = Readonly<{
  of(destination: string): DestinationState;
  /** Destinations with a state of their own. */
  all(): readonly KeptDestination[];
  /** Whether the destination gets no deliveries now. */
  isClosed(destination: string): boolean;
  /** Destinations that get no deliveries now. */
  closed(): readonly string[];
  /** Marks the addressees whose destination is closed; mostly none, which costs nothing. */
  mark(addressees: readonly Addressee[]): readonly Addressee[];
  /** Reads what other processes have changed. */
  refresh(): Promise<void>;
  /** Changes a state in the store, and here before it resolves. `decide` is asked again when another process was first. */
  change(destination: string, decide: (state: DestinationState) => Change): Promise<DestinationState>;
  /** Called with each destination whose state has changed. */
  onChange(listener: (destination: string) => void): void;
}>;

/** Changes of other processes that one change gives way to. */
const MOST_TRIES = 20;

export function createDestinationStates(
  store: Pick<DestinationStore, 'readDestinations' | 'changeDestination'> & Pick<SharedStore, 'exclusive'>,
  clock: Clock,
): DestinationStates {
  let known = new Map<string, KeptDestination>();
  let isRead = false;
  const changed = createSignal<[destination: string]>();
  const exclusively = createMutex();

  const of = (destination: string) => known.get(destination)?.state ?? INITIAL_STATE;
  const isClosed = (destination: string) => {
    const kept = known.get(destination);
    return kept !== undefined && standingAt(kept.state, clock.nowMs()) !== 'open';
  };
  const read = async () => {
    const before = known;
    const rows = await store.readDestinations();
    known = new Map(rows.map((row) => [row.destination, newer(row, known.get(row.destination))]));
    isRead = true;
    for (const [destination, { version }] of known) {
      if (before.get(destination)?.version !== version) changed.raise(destination);
    }
  };
  const change = async (destination: string, decide: (state: DestinationState) => Change) => {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const before = of(destination);
      const { next, audit = null } = decide(before);
      if (next === before) return before;
      const version = known.get(destination)?.version ?? 0;
      if ((await store.changeDestination(destination, version, next, audit)) === 'changed') {
        known.set(destination, { destination, version: version + 1, state: next });
        changed.raise(destination);
        return next;
      }
      await read();
    }
    throw new Error(`the state of ${destination} changes all the time`);
  };
  return {
    of,
    all: () => [...known.values()],
    isClosed,
    closed: () => [...known.keys()].filter(isClosed),
    mark(addressees) {
      if (known.size === 0 || !addressees.some((one) => isClosed(destinationOf(one)))) return addressees;
      return addressees.map((addressee) => {
        const destination = destinationOf(addressee);
        if (!isClosed(destination)) return addressee;
        return { destination, orderKey: orderKeyOf(addressee), isHeld: true };
      });
    },
    // What only this process changes is known once it was read.
    refresh: () => (store.exclusive && isRead ? Promise.resolve() : exclusively(read)),
    change: (destination, decide) => exclusively(() => change(destination, decide)),
    onChange: changed.listen,
  };
}

/** An answer that was under way may be older than what this process has written since. */
function newer(row: KeptDestination, known: KeptDestination | undefined): KeptDestination {
  return known !== undefined && known.version >= row.version ? known : row;
}
