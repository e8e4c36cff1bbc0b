import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { INITIAL_STATE } from '../../domain/destination-state.ts';
import { openMemoryStore } from '../../store/memory/open.ts';
import { createLiveFeed, type LiveNumbers } from './live-numbers.ts';

async function setUp() {
  const clock = createFakeClock();
  const store = openMemoryStore({ maxPendingDeliveries: 10 });
  let readings = 0;
  const stats = async () => {
    readings += 1;
    return store.stats();
  };
  const feed = createLiveFeed({
    store: { stats },
    states: { of: () => INITIAL_STATE },
    destinations: () => [{ name: 'crm' }],
    sources: () => [{ name: 'shop' }, { name: 'silent' }, { name: 'unknown' }],
    lastEventMs: (source) => ({ shop: 7, silent: 0 })[source] ?? null,
    clock,
  });
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await new Promise(setImmediate);
  };
  return { feed, pass, readings: () => readings };
}

describe('the live numbers', () => {
  it('are read once a second, however many watch', async () => {
    const { feed, pass, readings } = await setUp();
    const seen: LiveNumbers[] = [];
    for (let at = 0; at < 50; at++) feed.watch((numbers) => void seen.push(numbers));
    for (let second = 0; second < 3; second++) await pass(1_000);
    assert.ok(readings() <= 4, String(readings()));
    assert.equal(seen.length, readings() * 50);
    assert.deepEqual(seen[0]!.destinations, { crm: { state: 'open', pending: 0, processing: 0, failed: 0 } });
    assert.deepEqual(seen[0]!.heard, ['shop']);
  });

  it('are not read while nobody watches', async () => {
    const { feed, pass, readings } = await setUp();
    await pass(10_000);
    assert.equal(readings(), 0);
    const stop = feed.watch(() => {});
    await pass(1_000);
    stop();
    const before = readings();
    await pass(10_000);
    assert.equal(readings(), before);
    feed.watch(() => {});
    await pass(1_000);
    assert.ok(readings() > before);
  });
});
