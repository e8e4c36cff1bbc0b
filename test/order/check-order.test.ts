import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDisturbances } from '../cluster/support/disturbances.ts';
import { checkLedger, checkOrder, type History } from './check-order.ts';
import type { Run } from './config.ts';

const run = (key: string, seq: number, startMs: number, overrides: Partial<Run> = {}): Run => ({
  pid: 1,
  destination: 'blocking',
  key,
  seq,
  deliveryId: `${key}-${seq}-0001`,
  attempt: 1,
  startMs,
  endMs: startMs + 10,
  outcome: 'succeeded',
  ...overrides,
});

function historyOf(runs: readonly Run[], overrides: Partial<History> = {}): History {
  const accepted = runs
    .filter(({ attempt }) => attempt === 1)
    .map(({ key, seq }) => ({ key, seq, acknowledgedMs: 0, isEntered: false }));
  return {
    ...{ runs, accepted, replayed: [], disturbances: createDisturbances(), leaseMs: 1_000, timeoutMs: 500 },
    ...overrides,
  };
}

/** A checker that lets a bad history pass proves nothing. */
describe('the checker of order', () => {
  it('takes a history in order: one key stands still, another goes on', () => {
    const verdict = checkOrder(
      historyOf([
        run('a', 0, 0, { outcome: 'died' }),
        run('b', 0, 5),
        run('b', 1, 20),
        run('a', 0, 2_000, { deliveryId: 'a-0-0003' }),
        run('a', 1, 2_020),
      ]),
    );
    assert.deepEqual(verdict, {
      ...{ keys: 2, runs: 5, retries: 0, replays: 1, overtaken: 0, passed: 1, longestWaitMs: 5 },
    });
  });

  it('sees one that overtakes', () => {
    assert.throws(
      () => checkOrder(historyOf([run('a', 1, 0), run('a', 0, 20)])),
      /began as the 1\. of its key/,
    );
  });

  it('sees one that is left out', () => {
    assert.throws(
      () => checkOrder(historyOf([run('a', 0, 0), run('a', 2, 20)])),
      /2 began as the 2\. of its key/,
    );
  });

  it('sees two at once, unless the lease of the first had run out', () => {
    const runs = [run('a', 0, 0, { endMs: 2_000 }), run('a', 1, 1_500)];
    assert.throws(() => checkOrder(historyOf(runs)), /0 \(attempt 1\) and 1 \(attempt 1\) at once/);
    const disturbances = createDisturbances();
    disturbances.add({ kind: 'freeze', pid: 1, fromMs: 100, toMs: 1_900 });
    assert.equal(checkOrder(historyOf(runs, { disturbances })).overtaken, 1);
  });

  it('sees a replay that waits for those behind it', () => {
    const runs = [
      ...[0, 1, 2, 3].map((seq) => run('a', seq, seq * 100, { destination: 'skipping' })),
      run('a', 0, 400, { destination: 'skipping', deliveryId: 'a-0-0003' }),
    ];
    const replayed = [{ deliveryId: 'a-0-0003', acknowledgedMs: 150 }];
    assert.throws(() => checkOrder(historyOf(runs, { replayed })), /the replay of 0 waited for 2, 3/);
    const later = [{ deliveryId: 'a-0-0003', acknowledgedMs: 250 }];
    assert.equal(checkOrder(historyOf(runs, { replayed: later })).replays, 1);
  });

  it('sees a key that waits for another one', () => {
    const runs = [
      run('a', 0, 0, { outcome: 'failed' }),
      run('b', 0, 900),
      run('a', 0, 1_000, { attempt: 2 }),
      run('a', 1, 1_020),
    ];
    const accepted = [
      { key: 'a', seq: 0, acknowledgedMs: 0, isEntered: false },
      { key: 'a', seq: 1, acknowledgedMs: 1, isEntered: false },
      { key: 'b', seq: 0, acknowledgedMs: 100, isEntered: false },
    ];
    assert.throws(
      () => checkOrder(historyOf(runs, { accepted })),
      /blocking b: 0 had the turn and waited for 800 ms/,
    );
    const disturbances = createDisturbances();
    disturbances.add({ kind: 'outage', pid: null, fromMs: 200, toMs: 850 });
    assert.equal(checkOrder(historyOf(runs, { accepted, disturbances })).passed, 0);
  });
});

describe('the checker of the ledger', () => {
  const accepted = [0, 1, 2].map((seq) => ({ key: 'a', seq, acknowledgedMs: 0, isEntered: seq !== 1 }));
  const ledger = (...seqs: number[]) =>
    ['blocking', 'skipping'].flatMap((destination) => seqs.map((seq) => ({ destination, key: 'a', seq })));

  it('takes each entry once, in order', () => {
    assert.equal(checkLedger(ledger(0, 2), accepted), 4);
    assert.equal(checkLedger(ledger(0, 1, 2), accepted), 4, 'of one that may or may not be there');
  });

  it('sees one that is missing, there twice, or before another', () => {
    for (const seqs of [[0], [0, 2, 2], [2, 0]]) {
      assert.throws(() => checkLedger(ledger(...seqs), accepted), /the ledger of blocking, a/);
    }
  });
});
