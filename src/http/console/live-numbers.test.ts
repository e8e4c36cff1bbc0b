import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { INITIAL_STATE } from '../../domain/destination-state.ts';
import { openMemoryStore } from '../../store/memory/open.ts';
import { createLiveFeed, type LiveNumbers } from './live-numbers.ts';

async function setUp({ exclusive = true } = {}) {
  const clock = createFakeClock();
  const store = openMemoryStore({ maxPendingDeliveries: 10 });
  let readings = 0;
  const stats = async () => {
    readings += 1;
    return store.stats();
  };
  const noted = new Map<string, number>();
  const asked: string[] = [];
  let events = 0;
  const searches = {
    page: async ({ filter }: { filter: readonly { values: readonly string[] }[] }) => {
      const name = filter[0]!.values[0]!;
      asked.push(name);
      return {
        hits: name === 'silent' && events > 0 ? [{ event: { origin: 'received', receivedAtMs: 9 } }] : [],
      };
    },
  };
  const feed = createLiveFeed({
    searches: searches as never,
    noteLastEvent: (source, atMs) => void noted.set(source, atMs),
    store: { stats: async () => ({ ...(await stats()), events }), exclusive },
    states: { of: () => INITIAL_STATE },
    destinations: () => [{ name: 'crm' }],
    sources: () => [{ name: 'shop' }, { name: 'silent' }, { name: 'unknown' }],
    lastEventMs: (source) => noted.get(source) ?? { shop: 7, silent: 0 }[source] ?? null,
    clock,
  });
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await new Promise(setImmediate);
  };
  const comes = () => {
    events += 1;
  };
  return { feed, pass, readings: () => readings, asked, comes };
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

  it('tell of a first event that another node has accepted, and ask only when something came', async () => {
    const { feed, pass, asked, comes } = await setUp({ exclusive: false });
    let heard: readonly string[] = [];
    feed.watch((numbers) => {
      heard = numbers.heard;
    });
    for (let second = 0; second < 10; second++) await pass(1_000);
    assert.deepEqual(asked, ['silent', 'unknown'], 'of those that were never heard, once');
    comes();
    for (let second = 0; second < 3; second++) await pass(1_000);
    assert.deepEqual(heard, ['shop', 'silent']);
    comes();
    for (let second = 0; second < 3; second++) await pass(1_000);
    assert.deepEqual(asked.slice(2), ['silent', 'unknown', 'unknown']);
  });

  it('ask nothing of the kind where no other process accepts', async () => {
    const { feed, pass, asked, comes } = await setUp();
    feed.watch(() => {});
    comes();
    await pass(3_000);
    assert.deepEqual(asked, []);
  });
});
