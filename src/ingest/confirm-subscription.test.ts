import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, FAKE_EPOCH_MS } from '../../testkit/fake-clock.ts';
import { StoreError } from '../domain/errors.ts';
import type { ReceiverEvent } from '../events.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { createConfirmations, type FetchStatus } from './confirm-subscription.ts';

const URL = 'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc';
const HOUR_MS = 3_600_000;

function setUp(answer: (url: string, signal: AbortSignal) => number | Promise<number>) {
  const store = { ...openMemoryStore({ maxPendingDeliveries: 10 }) };
  const clock = createFakeClock();
  const events: ReceiverEvent[] = [];
  const called: { url: string; atMs: number }[] = [];
  const fetchStatus: FetchStatus = async (url, signal) => {
    called.push({ url, atMs: clock.nowMs() });
    return answer(url, signal);
  };
  const open = () =>
    createConfirmations({
      sources: ['sns'],
      store,
      clock,
      fetchStatus,
      emit: (event) => void events.push(event),
    });
  const state = async () => {
    const [entry] = await store.readSourceState('sns');
    return entry === undefined ? null : (JSON.parse(entry.value) as Record<string, unknown>);
  };
  return { open, store, clock, events, called, state };
}

describe('createConfirmations', () => {
  it('makes the call durable, then calls', async () => {
    const gate = Promise.withResolvers<number>();
    const { open, clock, events, called, state } = setUp(() => gate.promise);
    const confirmations = open();
    assert.equal(await confirmations.begin('sns', URL, FAKE_EPOCH_MS), 'begun');
    assert.deepEqual(await state(), { status: 'pending', url: URL, sinceMs: FAKE_EPOCH_MS });
    gate.resolve(200);
    await clock.advance(0);
    assert.deepEqual(await state(), { status: 'confirmed', atMs: FAKE_EPOCH_MS });
    assert.deepEqual(
      called.map(({ url }) => url),
      [URL],
    );
    assert.deepEqual(events, [{ type: 'subscription.confirmed', source: 'sns', tries: 1 }]);
  });

  it('calls nobody but the provider, over https', async () => {
    const { open, called, state } = setUp(() => 200);
    const confirmations = open();
    for (const url of [
      '',
      'x',
      'http://sns.us-east-1.amazonaws.com/',
      'https://sns.us-east-1.amazonaws.com:8443/',
      'https://user@sns.us-east-1.amazonaws.com/',
      'https://sns.us-east-1.amazonaws.com.evil.example/',
      'https://sns.us-east-1.amazonaws.co/',
      'https://evil.example/sns.us-east-1.amazonaws.com',
      'https://evil.example#sns.us-east-1.amazonaws.com',
      'https://s3.us-east-1.amazonaws.com/',
      'https://x.sns.us-east-1.amazonaws.com/',
      'https://sns.us_east.amazonaws.com/',
      'https://sns..amazonaws.com/',
    ]) {
      assert.equal(await confirmations.begin('sns', url, FAKE_EPOCH_MS), 'foreign', url);
    }
    assert.equal(await state(), null);
    assert.deepEqual(called, []);
    assert.equal(await confirmations.begin('sns', 'https://sns.cn-north-1.amazonaws.com.cn/', 1), 'begun');
    await confirmations.stop();
  });

  it('tries again with growing waits, for three days', async () => {
    const { open, clock, events, called, state } = setUp(() => 500);
    await open().begin('sns', URL, FAKE_EPOCH_MS);
    await clock.advance(80 * HOUR_MS);
    const times = called.map(({ atMs }) => (atMs - FAKE_EPOCH_MS) / 1000);
    assert.deepEqual(times.slice(0, 5), [0, 5, 35, 155, 755]);
    assert.ok(times.at(-1)! <= 72 * 3600 && times.at(-1)! > 70 * 3600);
    const last = {
      type: 'subscription.failed',
      source: 'sns',
      error: 'it was answered 500',
      retryAtMs: null,
    };
    assert.deepEqual(events.at(-1), last);
    assert.deepEqual(await state(), { status: 'failed', error: 'it was answered 500' });
    assert.equal(clock.pending(), 0);
  });

  it('takes no redirect for an answer, and no silence', async () => {
    const answers = [
      () => 302,
      (signal: AbortSignal) =>
        new Promise<number>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      () => Promise.reject(new Error('connect ECONNREFUSED')),
      () => 200,
    ];
    const { open, clock, events } = setUp((_url, signal) => answers.shift()!(signal));
    await open().begin('sns', URL, FAKE_EPOCH_MS);
    await clock.advance(HOUR_MS);
    assert.deepEqual(
      events.map((event) => ('error' in event ? event.error : event.type)),
      ['it was answered 302', 'no answer within 10000 ms', 'connect ECONNREFUSED', 'subscription.confirmed'],
    );
  });

  it('goes on after a restart, but not when it is done', async () => {
    let status = 500;
    const { open, clock, called } = setUp(() => status);
    const first = open();
    await first.begin('sns', URL, FAKE_EPOCH_MS);
    await clock.advance(1000);
    await first.stop();
    await clock.advance(HOUR_MS);
    assert.equal(called.length, 1);
    status = 200;
    const second = open();
    await second.start();
    await clock.advance(1000);
    assert.equal(called.length, 2);
    await second.stop();
    const third = open();
    await third.start();
    await clock.advance(HOUR_MS);
    assert.equal(called.length, 2);
  });

  it('leaves an older question for a newer one, and all when it is told to forget', async () => {
    const { open, clock, called } = setUp(() => 500);
    const confirmations = open();
    await confirmations.begin('sns', URL, FAKE_EPOCH_MS);
    await confirmations.begin('sns', `${URL}2`, FAKE_EPOCH_MS);
    await clock.advance(60_000);
    assert.deepEqual(new Set(called.slice(2).map(({ url }) => url)), new Set([`${URL}2`]));
    confirmations.forget('sns');
    const { length } = called;
    await clock.advance(HOUR_MS);
    assert.equal(called.length, length);
    await confirmations.stop();
  });

  it('waits for a store that does not answer', async () => {
    const { open, store, clock, called, events } = setUp(() => 200);
    const value = JSON.stringify({ status: 'pending', url: URL, sinceMs: FAKE_EPOCH_MS });
    await store.keepSourceState('sns', 'subscription', value, FAKE_EPOCH_MS);
    const { readSourceState } = store;
    store.readSourceState = () => Promise.reject(new StoreError('STORE_BUSY', 'it is busy'));
    const confirmations = open();
    await confirmations.start();
    await clock.advance(1000);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['store.failed'],
    );
    store.readSourceState = readSourceState;
    await clock.advance(5000);
    assert.equal(called.length, 1);
    await confirmations.stop();
  });

  it('calls nothing that the store was made to hold by other means', async () => {
    const { open, store, clock, called } = setUp(() => 200);
    for (const value of [
      '{',
      'null',
      '{"status":"pending"}',
      '{"status":"pending","url":"http://evil.example/","sinceMs":0}',
    ]) {
      await store.replaceSourceState('sns', 'subscription', value, FAKE_EPOCH_MS);
      const confirmations = open();
      await confirmations.start();
      await clock.advance(1000);
      await confirmations.stop();
    }
    assert.deepEqual(called, []);
  });
});
