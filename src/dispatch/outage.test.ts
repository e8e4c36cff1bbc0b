import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anEvent, createCountingIds } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { BREAKER_DEFAULTS } from '../domain/breaker.ts';
import type { Destination } from '../domain/destination.ts';
import { withHold } from '../domain/destination-state.ts';
import type { Handler } from '../handlers/handler.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { createDestinationStates } from './destination-states.ts';
import { openDispatch } from './open-dispatch.ts';
import { aDestination, createRecorder, pass } from './testing.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The policy that a receiver has without settings. */
const DEFAULT_RETRY = { maxAttempts: 5, baseDelayMs: 5_000, maxDelayMs: 300_000, jitter: 0.1 };

type Site = Awaited<ReturnType<typeof openSite>>;

/** A whole dispatch on a memory store under a fake clock, with one destination that may be down. */
async function openSite(overrides: Partial<Destination> = {}, limits = { pending: 1_000, held: 100_000 }) {
  const clock = createFakeClock();
  const recorder = createRecorder();
  const store = openMemoryStore({ maxPendingDeliveries: limits.pending, maxHeldDeliveries: limits.held });
  const states = createDestinationStates(store, clock);
  const destinations = ['shop', 'other'].map((name) =>
    aDestination({
      name,
      retry: DEFAULT_RETRY,
      breaker: BREAKER_DEFAULTS,
      ...(name === 'shop' && overrides),
    }),
  );
  const done: { id: string; atMs: number }[] = [];
  const asked: { id: string; atMs: number }[] = [];
  const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const site = { isDown: (_id: string): boolean => false, error: (): Error => refused() };
  const handler: Handler = {
    async handle(event) {
      asked.push({ id: event.id, atMs: clock.nowMs() });
      if (site.isDown(event.id)) throw site.error();
      done.push({ id: event.id, atMs: clock.nowMs() });
      return undefined;
    },
  };
  const dispatch = openDispatch({
    ...{ store, destinations, clock, states, emit: recorder.emit, openQueue: null, workerCount: 20 },
    handlers: new Map([
      ['shop', handler],
      ['other', { handle: async () => undefined }],
    ]),
    ...{
      retry: DEFAULT_RETRY,
      random: createSeededRandom(1),
      newId: createCountingIds(),
      isUnreadable: () => false,
    },
  });
  dispatch.start();
  for (const service of dispatch.services) await service.start();
  const accept = async (destination = 'shop') => {
    const event = anEvent({ receivedAtMs: clock.nowMs() });
    const { kind } = await store.insertEvent(event, states.mark([destination]));
    if (kind === 'inserted') dispatch.onAccepted(event.id, [destination]);
    return { id: event.id, kind };
  };
  const failed = async () => (await store.listDeadLetters(100, null)).deliveries.length;
  return {
    ...site,
    site,
    clock,
    store,
    states,
    dispatch,
    recorder,
    done,
    asked,
    accept,
    failed,
    pass: (ms: number) => pass(clock, ms),
  };
}

/** Ends what runs. */
async function close({ dispatch, clock }: Site): Promise<void> {
  const ended = Promise.all([...dispatch.services.map((service) => service.stop()), dispatch.stop(0)]);
  await pass(clock, 10_000);
  await ended;
}

describe('an outage of an hour', () => {
  test('makes no dead letter from three events on, and all is delivered in order of acceptance', async () => {
    const it = await openSite();
    it.site.isDown = () => true;
    const accepted: string[] = [];
    for (let i = 0; i < 3; i++) {
      accepted.push((await it.accept()).id);
      await it.pass(10_000);
    }
    for (let minute = 0; minute < 59; minute++) {
      accepted.push((await it.accept()).id);
      assert.equal((await it.accept('other')).kind, 'inserted');
      await it.pass(MINUTE_MS);
    }
    assert.equal(it.recorder.of('destination.tripped').length, 1);
    assert.equal(await it.failed(), 0);
    assert.deepEqual(it.done, []);
    const { held } = await it.store.stats();
    assert.equal(held.find(({ destination }) => destination === 'shop')?.count, accepted.length);
    it.site.isDown = () => false;
    await it.pass(2 * MINUTE_MS);
    assert.equal(it.recorder.of('destination.closed').length, 1);
    // One of them was the probe.
    const order = it.done.map(({ id }) => id);
    assert.deepEqual(order.toSorted(), accepted.toSorted());
    assert.deepEqual(
      order.slice(1),
      accepted.filter((id) => id !== order[0]),
    );
    assert.equal(await it.failed(), 0);
    await close(it);
  });

  test('asks one delivery at a time, ever more rarely, and another one each time', async () => {
    const it = await openSite();
    it.site.isDown = () => true;
    for (let i = 0; i < 10; i++) await it.accept();
    await it.pass(MINUTE_MS);
    const before = it.asked.length;
    await it.pass(HOUR_MS / 2);
    const probes = it.asked.slice(before);
    assert.ok(probes.length >= 50 && probes.length <= 62, `${probes.length} probes in half an hour`);
    assert.ok(new Set(probes.map(({ id }) => id)).size === 10);
    const { deliveries } = await it.store.duePending('shop', it.clock.nowMs(), 100, null);
    const tries = await Promise.all(deliveries.map(({ deliveryId }) => it.store.attemptsOf(deliveryId)));
    assert.ok(Math.max(...tries.map(({ length }) => length)) <= 2);
    await close(it);
  });

  test('a poison event among good ones does not open the breaker, and becomes a dead letter', async () => {
    const it = await openSite();
    const poison = await it.accept();
    it.site.isDown = (id) => id === poison.id;
    for (let second = 0; second < 200; second++) {
      await it.accept();
      await it.pass(1_000);
    }
    assert.deepEqual(it.recorder.of('destination.tripped'), []);
    assert.equal(await it.failed(), 1);
    await close(it);
  });

  test('poison events alone, fewer than three, never open it', async () => {
    const it = await openSite();
    it.site.isDown = () => true;
    await it.accept();
    await it.accept();
    await it.pass(10 * MINUTE_MS);
    assert.deepEqual(it.recorder.of('destination.tripped'), []);
    assert.equal(await it.failed(), 2);
    await close(it);
  });

  test('a destination that comes back gets a tenth of its rate first, and all of it within ten seconds', async () => {
    const it = await openSite({ rate: 20 });
    it.site.isDown = () => true;
    for (let i = 0; i < 600; i++) await it.accept();
    await it.pass(MINUTE_MS);
    it.site.isDown = () => false;
    while (it.recorder.of('destination.closed').length === 0) await it.pass(100);
    const closedAtMs = it.clock.nowMs();
    await it.pass(25_000);
    const within = (fromMs: number, toMs: number) =>
      it.done.filter(({ atMs }) => atMs >= closedAtMs + fromMs && atMs < closedAtMs + toMs).length;
    assert.ok(within(0, 2_000) <= 10, `${within(0, 2_000)} in the first two seconds`);
    const full = within(12_000, 22_000);
    assert.ok(full >= 190 && full <= 210, `${full} in ten seconds at 20/s`);
    for (let at = 0; at < 24_000; at += 100) assert.ok(within(at, at + 1_000) <= 24);
    await close(it);
  });
});

describe('a destination that is held', () => {
  test('gets nothing from the moment on, others do, and after the resume all is delivered', async () => {
    const it = await openSite();
    await it.states.change('shop', (state) => ({
      next: withHold(state, { reason: null, untilMs: null }, it.clock.nowMs()),
    }));
    for (let i = 0; i < 30; i++) await it.accept();
    await it.pass(HOUR_MS);
    assert.deepEqual(it.asked, []);
    const { counts, oldestPendingAtMs } = await it.store.stats();
    assert.equal(counts.find(({ destination }) => destination === 'shop')?.count, 30);
    assert.equal(oldestPendingAtMs, null);
    await it.states.change('shop', (state) => ({ next: { ...state, hold: null } }));
    await it.pass(2_000);
    assert.equal(it.done.length, 30);
    await close(it);
  });

  test('a hold ends by itself, and the audit has it', async () => {
    const it = await openSite();
    await it.states.change('shop', (state) => ({
      next: withHold(state, { reason: null, untilMs: it.clock.nowMs() + MINUTE_MS }, it.clock.nowMs()),
    }));
    await it.accept();
    await it.pass(MINUTE_MS - 1);
    assert.equal(it.done.length, 0);
    await it.pass(1_500);
    assert.equal(it.done.length, 1);
    const rows = await it.store.readAudit(0, 10);
    assert.deepEqual(
      rows.map(({ action }) => action),
      ['destination.resume'],
    );
    await close(it);
  });

  test('over the bound of held ones only their senders are refused, and a resume turns nobody away', async () => {
    const it = await openSite({}, { pending: 5, held: 20 });
    await it.states.change('shop', (state) => ({
      next: withHold(state, { reason: null, untilMs: null }, it.clock.nowMs()),
    }));
    for (let i = 0; i < 20; i++) assert.equal((await it.accept()).kind, 'inserted');
    assert.equal((await it.accept()).kind, 'full');
    assert.equal((await it.accept('other')).kind, 'inserted');
    await it.states.change('shop', (state) => ({
      next: { ...state, hold: null, rate: { perSecond: 1, untilMs: null } },
    }));
    await it.pass(1_000);
    assert.equal((await it.accept('other')).kind, 'inserted');
    assert.equal((await it.accept()).kind, 'inserted');
    await close(it);
  });
});

describe('a rate', () => {
  for (const perSecond of [2, 10, 50, 400]) {
    test(`of ${perSecond}/s is kept within 5 % over ten seconds, and below 1.2 times in any second`, async () => {
      const it = await openSite({ rate: perSecond, concurrency: 20 }, { pending: 10_000, held: 10 });
      for (let i = 0; i < perSecond * 15; i++) await it.accept();
      await it.pass(13_000);
      const startMs = it.asked[0]!.atMs;
      const count = (fromMs: number, toMs: number) =>
        it.asked.filter(({ atMs }) => atMs >= startMs + fromMs && atMs < startMs + toMs).length;
      const total = count(1_000, 11_000);
      assert.ok(Math.abs(total - 10 * perSecond) <= 0.5 * perSecond, `${total} in ten seconds`);
      for (let at = 0; at <= 11_000; at += 50) {
        const most = Math.max(count(at, at + 1_000));
        assert.ok(most <= Math.ceil(1.2 * perSecond), `${most} in the second from ${at} ms`);
      }
      await close(it);
    });
  }
});
