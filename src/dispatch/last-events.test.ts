import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anEvent, nextId } from '../../testkit/builders.ts';
import { createFakeClock, FAKE_EPOCH_MS as T0 } from '../../testkit/fake-clock.ts';
import { createMetrics } from '../observe/metrics.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { createSigns } from './alert-signs.ts';
import { createLastEvents } from './last-events.ts';

const MINUTE = 60_000;

function setUp() {
  const clock = createFakeClock();
  const store = openMemoryStore({ maxPendingDeliveries: 10 });
  const signs = createSigns(clock.nowMs);
  const searched: string[] = [];
  const searchSlice: typeof store.searchSlice = (request) => {
    searched.push(JSON.stringify(request.filter));
    return store.searchSlice(request);
  };
  const sources = ['stripe', 'github'];
  const service = createLastEvents({ store: { searchSlice }, signs, sources: () => sources, clock });
  return { clock, store, signs, searched, sources, service };
}

const ACCEPTED = {
  type: 'event.accepted',
  ...{ eventId: nextId(T0 + MINUTE), eventType: 't', deliveries: 1, bodyBytes: 2, durationMs: 3 },
} as const;

describe('when a source last sent an event', () => {
  it('is read from the store once, and then seen as events come', async () => {
    const { clock, store, signs, searched, service } = setUp();
    await store.insertEvent(anEvent({ source: 'stripe', receivedAtMs: T0 - MINUTE }), []);
    assert.equal(signs.lastEventMs('stripe'), null);
    await service.start();
    await clock.advance(MINUTE);
    assert.deepEqual([signs.lastEventMs('stripe'), signs.lastEventMs('github')], [T0 - MINUTE, 0]);
    assert.equal(searched.length, 2);
    signs.emit({ ...ACCEPTED, source: 'github' });
    assert.equal(signs.lastEventMs('github'), T0 + MINUTE);
    signs.emit({ ...ACCEPTED, source: 'github', eventId: nextId(T0) });
    assert.equal(signs.lastEventMs('github'), T0 + MINUTE);
  });

  it('is read for a source that a reload brought', async () => {
    const { clock, signs, sources, service } = setUp();
    await service.start();
    await clock.advance(MINUTE);
    sources.push('shop');
    await clock.advance(MINUTE);
    assert.equal(signs.lastEventMs('shop'), 0);
  });

  it('is a metric, of configured sources alone, without a sample while it is unknown', async () => {
    const { clock, store, signs } = setUp();
    const metrics = createMetrics({ sources: ['stripe', 'github', 'shop'], destinations: [], queueLimit: 1 });
    signs.noteLastEvent('stripe', T0);
    signs.noteLastEvent('github', 0);
    signs.emit({ ...ACCEPTED, source: 'gone' });
    const { lastEventMs } = signs;
    const text = await metrics.scrape({ stats: () => store.stats(), lastEventMs, clock }).text();
    const samples = text.match(/^webhook_source_last_event_timestamp_seconds\{.*$/gm);
    assert.deepEqual(samples, [
      `webhook_source_last_event_timestamp_seconds{source="stripe"} ${T0 / 1000}`,
      'webhook_source_last_event_timestamp_seconds{source="github"} 0',
    ]);
  });
});

describe('metrics of alerts', () => {
  it('show what is on, what changed and what was sent', async () => {
    const { clock, store } = setUp();
    const metrics = createMetrics({ sources: [], destinations: [], queueLimit: 1 });
    const changed = { type: 'alert.changed', kind: 'held', subject: 'crm', message: 'm' } as const;
    metrics.emit({ ...changed, edge: 'raised', destinations: 2 });
    metrics.emit({ type: 'alerts.looked', active: new Map([['held', 1]]) });
    const scrape = metrics.scrape({ stats: () => store.stats(), clock });
    const text = await scrape.text();
    for (const line of [
      'webhook_alerts_active{kind="held"} 1',
      'webhook_alerts_active{kind="lag"} 0',
      'webhook_alerts_total{kind="held",edge="raised"} 1',
      'webhook_alerts_total{kind="held",edge="over"} 0',
      'webhook_alert_deliveries_total 2',
    ])
      assert.ok(text.includes(`${line}\n`), line);
    metrics.emit({ type: 'alerts.looked', active: new Map() });
    assert.match(await scrape.text(), /^webhook_alerts_active\{kind="held"\} 0$/m);
  });
});
