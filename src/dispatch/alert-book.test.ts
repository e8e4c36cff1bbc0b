import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type AlertState, alertChanges } from '../domain/alert.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { keepBook, newBook, readBook } from './alert-book.ts';

const about = (subject: string) => ({
  ...({ kind: 'failures', subject, message: 'm', command: 'c', page: '' } as const),
});

const over = (at: number): AlertState => ({
  ...about(`crm/${at}`),
  ...{ number: at === 0 ? 7 : 1, isOn: false, sinceMs: at, overAtMs: at, ackedBy: null },
});

it('an alert that is kept no more gives its number to no other: the key would be known', async () => {
  const store = openMemoryStore({ maxPendingDeliveries: 1 });
  const states = Array.from({ length: 501 }, (_, at) => over(at));
  await keepBook(store, { ...newBook(0), states }, 1_000);
  const { book } = await readBook(store);
  assert.deepEqual([book!.states.length, book!.lastNumber], [500, 7]);
  const conditions = [about('crm/0'), about('crm/1')];
  const changes = alertChanges(book!, conditions, new Map(), 2_000);
  assert.deepEqual(
    changes.map(({ state }) => [state.subject, state.number]),
    [
      ['crm/0', 8],
      ['crm/1', 2],
    ],
  );
});
