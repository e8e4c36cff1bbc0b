import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Query } from './database.ts';
import { lookBehind } from './look-behind.ts';
import { createWalks } from './walks.ts';

const T0 = 500_000;

/** Places of two destinations, at the same time. */
function placesAt(placeMs: number) {
  const walks = createWalks(() => 1_000_000);
  for (const name of ['billing', 'shipping']) walks.begin(name, placeMs).end(null);
  return { walks, places: () => [walks.placeOf('billing'), walks.placeOf('shipping')] };
}

const answering = (rows: readonly unknown[]): Query => (() => Promise.resolve(rows)) as unknown as Query;

describe('a look behind the places', () => {
  it('asks for each destination up to its place, from the beginning at first', async () => {
    const { walks } = placesAt(T0);
    let asked: unknown;
    const query = ((_: unknown, values: unknown) => {
      asked = values;
      return Promise.resolve([]);
    }) as unknown as Query;
    assert.equal(await lookBehind(query, walks), false);
    assert.deepEqual(asked, [
      ['billing', 'shipping'],
      [0, 0],
      [T0, T0],
    ]);
  });

  it('lowers the place of a destination for which it found something, and leaves the others', async () => {
    const { walks, places } = placesAt(T0);
    assert.equal(await lookBehind(answering([{ n: 2, due_at: T0 - 700 }]), walks), true);
    assert.deepEqual(places(), [T0, T0 - 700]);
  });

  it('leaves them when it fails', async () => {
    const { walks, places } = placesAt(T0);
    const failing = (() => Promise.reject(new Error('no database'))) as unknown as Query;
    await assert.rejects(lookBehind(failing, walks), /no database/);
    assert.deepEqual(places(), [T0, T0]);
  });

  it('asks nothing before the first claim', async () => {
    const failing = (() => Promise.reject(new Error('asked'))) as unknown as Query;
    assert.equal(await lookBehind(failing, createWalks()), false);
  });
});
