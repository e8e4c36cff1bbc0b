import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FILL_MS, fillDeadLetters } from './fill-dead-letters.ts';
import type { DeadLetter, DeadLetterPage } from './store.ts';

/** A store whose reads have so many letters each, and take so long. */
function aStore(counts: readonly number[], readMs = 0) {
  let nowMs = 0;
  const asked: string[] = [];
  return {
    asked,
    elapsedMs: () => nowMs,
    async listDeadLetters(limit: number, before: string | null): Promise<DeadLetterPage> {
      const at = Number(before ?? 0);
      asked.push(`${limit} from ${at}`);
      nowMs += readMs;
      const deliveries = Array<DeadLetter>(Math.min(counts[at]!, limit)).fill({} as DeadLetter);
      return { deliveries, next: at + 1 === counts.length ? null : String(at + 1) };
    },
  };
}

it('a page reads on until it is full or nothing is left', async () => {
  const full = aStore([0, 0, 3, 0, 9, 1]);
  const page = await fillDeadLetters(full, 5, null, {});
  assert.deepEqual([page.deliveries.length, page.next], [5, '5']);
  assert.deepEqual(full.asked, ['5 from 0', '5 from 1', '5 from 2', '2 from 3', '2 from 4']);
  const short = await fillDeadLetters(aStore([0, 2, 1]), 5, null, {});
  assert.deepEqual([short.deliveries.length, short.next], [3, null]);
});

it('a page ends after its time with what it has, and says where to go on', async () => {
  const store = aStore([0, 1, 0, 0, 9], FILL_MS / 2);
  const page = await fillDeadLetters(store, 5, null, {}, store.elapsedMs);
  assert.deepEqual([page.deliveries.length, page.next], [1, '2']);
});
