import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { add, createTally, finishOf, run, tallyOf } from './complete-support.ts';
import { claimOf, insertFor, LEASE_MS, leaseNext, openFor, type StoreFactory, T0 } from './harness.ts';
import { STALE } from './lease.ts';
import { snapshotOf } from './snapshot.ts';

/** What a handler writes and the completion of its delivery are one thing. */
export function completeConformance(factory: StoreFactory, isDurable: boolean): void {
  describe('complete within a transaction', () => {
    const open = async (t: Parameters<typeof openFor>[0]) => {
      const opened = await openFor(t, factory);
      await createTally(opened.store);
      return opened;
    };

    test('what is written and the completion are there together', async (t) => {
      const { store } = await open(t);
      const { event } = await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const outcome = await store.completeWithin(leased.lease, (tx) => add(tx), finishOf(leased));
      assert.equal(outcome, 'completed');
      assert.equal(await tallyOf(store), 1);
      const [delivery] = await store.deliveriesOf(event.id);
      assert.equal(delivery?.status, 'completed');
      assert.equal(delivery?.attempts, 1);
      assert.equal(delivery?.lastError, null);
      assert.equal(delivery?.updatedAtMs, T0 + 10);
      assert.deepEqual(await store.attemptsOf(delivery!.id), [finishOf(leased)().attempt]);
    });

    test('it leaves what a settlement as completed leaves', async (t) => {
      const { store } = await open(t);
      const { event } = await insertFor(store, ['billing', 'audit']);
      const one = await leaseNext(store, 'billing');
      const other = await leaseNext(store, 'audit');
      const { attempt, nowMs } = finishOf(one)();
      await store.settle(one.lease, { kind: 'completed' }, attempt, nowMs);
      await store.completeWithin(other.lease, () => {}, finishOf(other));
      const [settled, completed] = await store.deliveriesOf(event.id);
      const { id, destination } = completed!;
      assert.deepEqual(completed, { ...settled, id, destination, sentAs: id });
      const { counts } = await store.stats();
      for (const destination of ['billing', 'audit']) {
        const own = counts.filter((each) => each.destination === destination && each.count !== 0);
        assert.deepEqual(own, [{ destination, status: 'completed', count: 1 }]);
      }
    });

    test('what the work throws comes back, and nothing is written: the lease still holds', async (t) => {
      const { store } = await open(t);
      const { event } = await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const before = await snapshotOf(store, [event]);
      const error = new Error('not today');
      const failing = store.completeWithin(
        leased.lease,
        async (tx) => {
          await add(tx);
          throw error;
        },
        () => assert.fail('there is no try to end'),
      );
      await assert.rejects(failing, (thrown) => thrown === error);
      assert.deepEqual(await snapshotOf(store, [event]), before);
      assert.equal(await store.completeWithin(leased.lease, (tx) => add(tx), finishOf(leased)), 'completed');
      assert.equal(await tallyOf(store), 1);
    });

    test('a statement that fails comes back, and nothing is written', async (t) => {
      const { store } = await open(t);
      await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const failing = store.completeWithin(
        leased.lease,
        async (tx) => {
          await add(tx);
          await run(tx, `insert into tally values ('all', 9)`);
        },
        finishOf(leased),
      );
      await assert.rejects(failing, /unique/i);
      assert.equal(await tallyOf(store), 0);
    });

    for (const { name, arrange } of STALE) {
      test(`${name} is lost, and nothing is written`, async (t) => {
        const { store } = await open(t);
        const { event } = await insertFor(store, ['billing']);
        const stale = await arrange(store);
        const before = await snapshotOf(store, [event]);
        const outcome = await store.completeWithin(stale, (tx) => add(tx), finishOf({ attempts: 8 }));
        assert.equal(outcome, 'lost');
        assert.deepEqual(await snapshotOf(store, [event]), before);
        assert.equal(await tallyOf(store), 0);
      });
    }

    test('the holder may complete after the end of the lease, as long as it was not reclaimed', async (t) => {
      const { store } = await open(t);
      await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const late = finishOf(leased, T0 + 2 * LEASE_MS);
      assert.equal(await store.completeWithin(leased.lease, (tx) => add(tx), late), 'completed');
      assert.equal(await tallyOf(store), 1);
    });

    test('many at once: each is there, and all counts agree', async (t) => {
      const { store } = await open(t);
      const count = 50;
      for (let at = 0; at < count; at++) await insertFor(store, ['billing']);
      const { leased } = await store.claim(claimOf(['billing']));
      const outcomes = await Promise.all(
        leased.map((each) => store.completeWithin(each.lease, (tx) => add(tx), finishOf(each))),
      );
      assert.deepEqual(new Set(outcomes), new Set(['completed']));
      assert.equal(await tallyOf(store), count);
      const { counts } = await store.stats();
      const completed = counts.find((each) => each.destination === 'billing' && each.status === 'completed');
      assert.equal(completed?.count, count);
    });

    test('one of many that throws costs the others nothing', async (t) => {
      const { store } = await open(t);
      for (let at = 0; at < 9; at++) await insertFor(store, ['billing']);
      const { leased } = await store.claim(claimOf(['billing']));
      const outcomes = await Promise.allSettled(
        leased.map((each, at) =>
          store.completeWithin(
            each.lease,
            async (tx) => {
              await add(tx);
              if (at % 3 === 1) throw new Error('no');
            },
            finishOf(each),
          ),
        ),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 6);
      assert.equal(await tallyOf(store), 6);
    });

    test('of two with one lease one completes', async (t) => {
      const { store } = await open(t);
      await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const complete = () => store.completeWithin(leased.lease, (tx) => add(tx), finishOf(leased));
      const outcomes = await Promise.all([complete(), complete()]);
      assert.deepEqual(outcomes.toSorted(), ['completed', 'lost']);
      assert.equal(await tallyOf(store), 1);
    });

    for (const [name, delayed] of [
      ['before', false],
      ['within', true],
    ] as const) {
      test(`a settlement that begins ${name} the work: one of the two happens, whole`, async (t) => {
        const { store } = await open(t);
        const { event } = await insertFor(store, ['billing']);
        const leased = await leaseNext(store, 'billing');
        const release = () => store.settle(leased.lease, { kind: 'released', dueAtMs: T0 }, null, T0);
        let settling = delayed ? Promise.resolve<string>('') : release();
        const completed = await store.completeWithin(
          leased.lease,
          (tx) => {
            if (delayed) settling = release();
            return add(tx);
          },
          finishOf(leased),
        );
        const settled = await settling;
        assert.deepEqual(
          [completed, settled],
          completed === 'completed' ? ['completed', 'lost'] : ['lost', 'settled'],
        );
        assert.equal(await tallyOf(store), completed === 'completed' ? 1 : 0);
        const [delivery] = await store.deliveriesOf(event.id);
        assert.equal(delivery?.status, completed === 'completed' ? 'completed' : 'pending');
      });
    }

    test('accepts, extensions and completions at the same time', async (t) => {
      const { store } = await open(t);
      for (let at = 0; at < 20; at++) await insertFor(store, ['billing']);
      const { leased } = await store.claim(claimOf(['billing']));
      await Promise.all(
        leased.map(async (each) => {
          const [outcome] = await Promise.all([
            store.completeWithin(each.lease, (tx) => add(tx), finishOf(each)),
            store.extend(each.lease, T0 + 2 * LEASE_MS),
            insertFor(store, ['audit']),
          ]);
          assert.equal(outcome, 'completed');
        }),
      );
      assert.equal(await tallyOf(store), 20);
      assert.equal((await store.stats()).events, 42);
    });

    test('an abort before the work spares it; one within it rolls back', async (t) => {
      const { store } = await open(t);
      const { event } = await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const before = await snapshotOf(store, [event]);
      const reason = new Error('the time is up');
      const never = () => assert.fail('the work must not begin');
      const early = store.completeWithin(leased.lease, never, finishOf(leased), AbortSignal.abort(reason));
      await assert.rejects(early, (thrown) => thrown === reason);

      const controller = new AbortController();
      const within = store.completeWithin(
        leased.lease,
        async (tx) => {
          await add(tx);
          controller.abort(reason);
        },
        finishOf(leased),
        controller.signal,
      );
      await assert.rejects(within, (thrown) => thrown === reason);
      assert.deepEqual(await snapshotOf(store, [event]), before);
      assert.equal(await tallyOf(store), 0);
    });

    test('a handle that outlives its transaction writes nothing', async (t) => {
      const { store } = await open(t);
      await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      let late = async () => {};
      const work = (tx: Parameters<typeof add>[0]) => {
        late = () => add(tx);
      };
      await store.completeWithin(leased.lease, work, finishOf(leased));
      await assert.rejects(late(), { name: 'TransactionError', code: 'HANDLER_TRANSACTION' });
      assert.equal(await tallyOf(store), 0);
    });

    test('the attempt ends after the work', async (t) => {
      const { store } = await open(t);
      await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const steps: string[] = [];
      await store.completeWithin(
        leased.lease,
        () => void steps.push('work'),
        () => {
          steps.push('finish');
          return finishOf(leased)();
        },
      );
      assert.deepEqual(steps, ['work', 'finish']);
    });

    test('one that was submitted before the close is answered', async (t) => {
      const { store, reopen } = await open(t);
      await insertFor(store, ['billing']);
      const leased = await leaseNext(store, 'billing');
      const completing = store.completeWithin(leased.lease, (tx) => add(tx), finishOf(leased));
      const closing = store.close();
      assert.equal(await completing, 'completed');
      await closing;
      if (isDurable) assert.equal(await tallyOf(await reopen!()), 1);
    });
  });
}
