import { setTimeout as pause } from 'node:timers/promises';
import type { SeededRandom } from '../../testkit/seeded-random.ts';
import { machineMs } from '../cluster/support/now.ts';
import type { Replayed } from './check-order.ts';

export const ADMIN_TOKEN = 'correct-horse-battery-staple';

type Cleanup = Readonly<{ after(clean: () => void): void }>;
type Blocked = Readonly<{ destination: string; order_key: string; delivery_id: string }>;
type Letter = Readonly<{ id: string; destination: string; turn: string | null }>;

/** Who decides about failures. */
export type Operator = Readonly<{
  replayed: readonly Replayed[];
  released(): number;
  /** From now on decides about every blocked key at once, and replays nothing else. */
  decideAll(): void;
  stop(): Promise<void>;
}>;

const ROUND_MS = 150;
/** Of the keys that are blocked, who is decided about in a round; the others stand still for longer. */
const DECIDED = 0.15;

/** Replays and releases what blocks keys, and replays dead letters that were skipped, on whatever node answers. */
export function startOperator(t: Cleanup, urls: () => readonly string[], random: SeededRandom): Operator {
  const replayed: Replayed[] = [];
  let released = 0;
  let share = DECIDED;
  let isOver = false;
  t.after(() => {
    isOver = true;
  });

  const ask = async (path: string, method = 'GET'): Promise<Record<string, unknown> | null> => {
    const nodes = urls();
    if (nodes.length === 0) return null;
    try {
      const response = await fetch(`${random.pick(nodes)}/admin${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        signal: AbortSignal.timeout(1_500),
      });
      const body = (await response.json()) as Record<string, unknown>;
      return response.ok ? body : null;
    } catch {
      return null;
    }
  };
  const replay = async (id: string) => {
    const body = await ask(`/deliveries/${id}/replay`, 'POST');
    if (body !== null) replayed.push({ deliveryId: body.id as string, acknowledgedMs: machineMs() });
  };
  const decide = async ({ destination, order_key, delivery_id }: Blocked) => {
    if (random.chance(0.6)) return replay(delivery_id);
    const query = new URLSearchParams({ destination, order_key });
    if ((await ask(`/blocked-keys/release?${query}`, 'POST')) !== null) released += 1;
  };
  const round = async () => {
    const page = await ask('/blocked-keys?limit=500');
    if (page === null) return;
    const blocked = page.blocked as Blocked[];
    for (const each of blocked) if (random.chance(share)) await decide(each);
    if (share === 1) return;
    const letters = ((await ask('/dead-letters?limit=50'))?.deliveries ?? []) as Letter[];
    const skipped = letters.filter(({ destination, turn }) => destination === 'skipping' && turn === null);
    if (skipped.length > 0 && random.chance(0.3)) await replay(random.pick(skipped).id);
  };
  const working = (async () => {
    while (!isOver) {
      await round();
      await pause(ROUND_MS);
    }
  })();
  return {
    replayed,
    released: () => released,
    decideAll() {
      share = 1;
    },
    async stop() {
      isOver = true;
      await working;
    },
  };
}
