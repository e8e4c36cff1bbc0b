import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Service } from '../runtime/service.ts';
import type { DuplicateNote, InboxStore } from '../store/store.ts';

/** Counts a duplicate of an event. */
export type NoteDuplicate = (eventId: string, atMs: number, differed: boolean) => void;

export type DuplicateNotes = Service & Readonly<{ note: NoteDuplicate }>;

export type DuplicateNotesParts = Readonly<{
  store: Pick<InboxStore, 'noteDuplicates'>;
  clock: Clock;
  emit: Emit;
  /** Whether the store has more to do than it can. */
  isBehind: () => boolean;
}>;

/** A flood of duplicates must not become a flood of writes. */
const WRITE_EVERY_MS = 1_000;
/** Most events whose duplicates wait to be written; those of further events are not noted. */
export const NOTED_EVENTS_MAX = 1_000;

/**
 * Collects duplicates in memory and writes them together: at most once a second, and not while the store is behind. What
 * is not yet written is lost with the process; the metric has it.
 */
export function createDuplicateNotes({ store, clock, emit, isBehind }: DuplicateNotesParts): DuplicateNotes {
  let notes = new Map<string, DuplicateNote>();
  let cancel: (() => void) | null = null;
  let writing: Promise<void> | null = null;
  let isStopped = false;

  const write = async () => {
    const some = [...notes.values()];
    notes = new Map();
    await store
      .noteDuplicates(some)
      .catch((error: Error) => emit({ type: 'store.failed', operation: 'duplicates', error }));
  };
  const plan = () => {
    if (isStopped || cancel !== null || notes.size === 0) return;
    cancel = clock.after(WRITE_EVERY_MS, () => {
      cancel = null;
      if (writing === null && !isBehind()) {
        writing = write().finally(() => {
          writing = null;
        });
      }
      plan();
    });
  };
  return {
    note(eventId, atMs, differed) {
      const before = notes.get(eventId);
      if (before === undefined && notes.size >= NOTED_EVENTS_MAX) return;
      notes.set(eventId, {
        eventId,
        count: (before?.count ?? 0) + 1,
        lastAtMs: Math.max(before?.lastAtMs ?? atMs, atMs),
        differed: differed || before?.differed === true,
      });
      plan();
    },
    start() {},
    async stop() {
      isStopped = true;
      cancel?.();
      await writing;
      if (notes.size > 0) await write();
    },
  };
}
