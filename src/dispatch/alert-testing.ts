import { createFakeClock, FAKE_EPOCH_MS } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import type { AlertRules } from '../domain/alert.ts';
import { createIdGenerator } from '../runtime/ids.ts';
import { createFailuresLook } from '../store/failures-look.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import type { DiskRoom, Store } from '../store/store.ts';
import { createAlertDesk } from './alert-desk.ts';
import type { AlertWatchParts, Watched } from './alert-parts.ts';
import { createSigns } from './alert-signs.ts';
import { createAlertWatch } from './alert-watch.ts';
import { aDestination } from './testing.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const RULES: AlertRules = {
  ...{ lagMs: 5 * MINUTE, held: true, failures: true, rejects: 20, disk: true, clock: true, gaps: true },
};
export const PAGER = aDestination({ name: 'pager', sources: ['_alerts'] });

type SetUp = Partial<Watched> & Readonly<{ nodes?: number; nowMs?: number }>;

/** Nodes that watch one store, and what they have sent. */
export function watchOver({ nodes = 1, nowMs = FAKE_EPOCH_MS, ...changes }: SetUp = {}) {
  const clock = createFakeClock(nowMs);
  const store = openMemoryStore({ maxPendingDeliveries: 10 });
  const crm = aDestination({ name: 'crm' });
  const watched: Watched = {
    rules: RULES,
    expected: [],
    sources: ['stripe'],
    destinations: [PAGER, crm],
    publicUrl: null,
    ...changes,
  };
  const signs = createSigns(clock.nowMs);
  const disk: { room: DiskRoom | null } = { room: null };
  const parts: AlertWatchParts = {
    ...{ store, clock, signs, watched: () => watched, emit: signs.emit },
    failures: createFailuresLook(store, clock.nowMs),
    newId: createIdGenerator(createSeededRandom(1)),
    readDisk: async () => disk.room,
    mark: (addressees) => addressees,
    onAccepted: () => {},
  };
  const make = () => Array.from({ length: nodes }, () => createAlertWatch(parts));
  let watches = make();
  const start = async () => {
    for (const watch of watches) await watch.start();
    await clock.advance(0);
  };
  return {
    ...{ clock, store, signs, disk, start },
    desk: createAlertDesk(parts),
    /** Ends the nodes; they start again after so long. */
    async restartAfter(ms: number) {
      const stopping = watches.map((watch) => watch.stop());
      await clock.advance(15_000);
      await Promise.all(stopping);
      await clock.advance(ms);
      watches = make();
      await start();
    },
    sent: () => messagesOf(store),
  };
}

async function messagesOf(store: Store): Promise<string[]> {
  const filter = [{ field: 'source', values: ['_alerts'], negated: false }] as const;
  const { hits } = await store.searchSlice({ filter, limit: 100, cursor: null });
  return hits.map(({ event }) => event.idempotencyKey!).toReversed();
}
