import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { testSeeds } from '../../testkit/seeded-random.ts';
import { StoreError } from '../domain/errors.ts';
import { Batcher, type BatcherOptions, isolateFailures } from './batcher.ts';

/** An operation is its own weight; its result is its text. */
type Options = BatcherOptions<number, string>;
type Commit = Readonly<{
  batch: readonly number[];
  succeed(results?: readonly (string | Error)[]): Promise<void>;
  fail(error: Error): Promise<void>;
}>;

/** A group commit whose commits the test ends. */
function setUp(options: Partial<Options> = {}) {
  const commits: Commit[] = [];
  const group = new Batcher<number, string>({
    commit: (batch) => {
      const done = Promise.withResolvers<readonly (string | Error)[]>();
      commits.push({
        batch,
        succeed(results = batch.map(String)) {
          done.resolve(results);
          return turn();
        },
        fail(error) {
          done.reject(error);
          return turn();
        },
      });
      return done.promise;
    },
    maxBatch: 4,
    maxBatchBytes: 100,
    weigh: (weight) => weight,
    maxInFlight: 1,
    ...options,
  });
  return { commits, group, batches: () => commits.map(({ batch }) => batch) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

describe('a group commit', () => {
  it('commits together what was submitted within one turn, and answers each by its place', async () => {
    const { batches, commits, group } = setUp();
    const answers = Promise.all([3, 1, 2].map((operation) => group.submit(operation)));
    await turn();
    assert.deepEqual(batches(), [[3, 1, 2]]);
    await commits[0]!.succeed(['three', 'one', 'two']);
    assert.deepEqual(await answers, ['three', 'one', 'two']);
  });

  it('starts within the turn when enough wait, if a commit may start', async () => {
    const { batches, commits, group } = setUp({ startAt: 2, maxInFlight: 2 });
    for (const operation of [1, 2, 3, 4, 5]) void group.submit(operation);
    assert.deepEqual(batches(), [
      [1, 2],
      [3, 4],
    ]);
    await commits[0]!.succeed();
    assert.deepEqual(batches()[2], [5]);
  });

  it('starts nothing within the turn while a section waits or runs', async () => {
    const { batches, commits, group } = setUp({ startAt: 2 });
    void group.submit(1);
    await turn();
    const section = Promise.withResolvers<void>();
    void group.exclusive(() => section.promise);
    for (const operation of [2, 3]) void group.submit(operation);
    await commits[0]!.succeed();
    for (const operation of [4, 5]) void group.submit(operation);
    assert.deepEqual(batches(), [[1]]);
    section.resolve();
    await turn();
    assert.deepEqual(batches(), [[1], [2, 3, 4, 5]]);
  });

  it('gathers what arrives during a commit, and keeps the order', async () => {
    const { batches, commits, group } = setUp();
    void group.submit(1);
    await turn();
    void group.submit(2);
    await turn();
    void group.submit(3);
    await turn();
    assert.deepEqual(batches(), [[1]]);
    await commits[0]!.succeed();
    assert.deepEqual(batches(), [[1], [2, 3]]);
  });

  it('answers nobody before the commit is done', async () => {
    const { commits, group } = setUp();
    let answered = false;
    void group.submit(1).then(() => {
      answered = true;
    });
    await turn();
    assert.equal(answered, false);
    await commits[0]!.succeed();
    assert.equal(answered, true);
  });

  it('bounds a batch by count', async () => {
    const { batches, commits, group } = setUp({ maxBatch: 2 });
    for (const operation of [1, 2, 3, 4, 5]) void group.submit(operation);
    for (const at of [0, 1, 2]) {
      await turn();
      await commits[at]!.succeed();
    }
    assert.deepEqual(batches(), [[1, 2], [3, 4], [5]]);
  });

  it('bounds a batch by bytes; what exceeds them alone goes alone', async () => {
    const { batches, commits, group } = setUp({ maxBatchBytes: 10 });
    for (const operation of [4, 6, 1, 50, 2, 3]) void group.submit(operation);
    for (const at of [0, 1, 2, 3]) {
      await turn();
      await commits[at]!.succeed();
    }
    assert.deepEqual(batches(), [[4, 6], [1], [50], [2, 3]]);
  });

  it('has no more than so many commits under way', async () => {
    const { batches, commits, group } = setUp({ maxInFlight: 2 });
    for (const operation of [1, 2, 3]) {
      void group.submit(operation);
      await turn();
    }
    assert.deepEqual(batches(), [[1], [2]]);
    await commits[1]!.succeed();
    assert.deepEqual(batches(), [[1], [2], [3]]);
  });

  it('lets a commit be alone for a while before another one begins beside it', async () => {
    const clock = createFakeClock();
    const { batches, commits, group } = setUp({ maxInFlight: 2, alone: { clock, ms: 10 } });
    void group.submit(1);
    await turn();
    void group.submit(2);
    await turn();
    void group.submit(3);
    await clock.advance(9);
    await turn();
    assert.deepEqual(batches(), [[1]]);
    await clock.advance(1);
    await turn();
    assert.deepEqual(batches(), [[1], [2, 3]]);
    void group.submit(4);
    await commits[1]!.succeed();
    await turn();
    assert.deepEqual(batches(), [[1], [2, 3]], 'the second began a moment ago');
    await commits[0]!.succeed();
    await turn();
    assert.deepEqual(batches(), [[1], [2, 3], [4]], 'nothing is under way');
  });

  it('rejects only the caller whose operation failed alone', async () => {
    const { commits, group } = setUp();
    const answers = Promise.allSettled([1, 2, 3].map((operation) => group.submit(operation)));
    await turn();
    const error = new Error('two is taken');
    await commits[0]!.succeed(['one', error, 'three']);
    assert.deepEqual(await answers, [
      { status: 'fulfilled', value: 'one' },
      { status: 'rejected', reason: error },
      { status: 'fulfilled', value: 'three' },
    ]);
  });

  it('rejects all callers of a batch whose commit failed, and goes on with the next', async () => {
    const { batches, commits, group } = setUp();
    const failed = Promise.allSettled([1, 2].map((operation) => group.submit(operation)));
    await turn();
    const next = group.submit(3);
    const error = new Error('disk full');
    await commits[0]!.fail(error);
    assert.deepEqual(
      (await failed).map((outcome) => outcome.status === 'rejected' && outcome.reason),
      [error, error],
    );
    assert.deepEqual(batches(), [[1, 2], [3]]);
    await commits[1]!.succeed();
    assert.equal(await next, '3');
  });

  it('takes a commit that throws at once for one that failed', async () => {
    const error = new Error('broken');
    const { group } = setUp({
      commit: () => {
        throw error;
      },
    });
    await assert.rejects(group.submit(1), error);
    await group.drain();
  });
});

describe('draining a group commit', () => {
  it('is over at once when nothing is under way', async () => {
    await setUp().group.drain();
  });

  it('waits for all that was submitted, however many commits it takes, failed ones included', async () => {
    const { commits, group } = setUp({ maxBatch: 1, maxInFlight: 2 });
    const answers = Promise.allSettled([1, 2, 3].map((operation) => group.submit(operation)));
    let drained = 0;
    void group.drain().then(() => drained++);
    void group.drain().then(() => drained++);
    await turn();
    await commits[0]!.succeed();
    await commits[1]!.fail(new Error('no'));
    assert.equal(drained, 0);
    await commits[2]!.succeed();
    assert.equal(drained, 2);
    assert.deepEqual(
      (await answers).map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });

  it('waits also for what is submitted meanwhile', async () => {
    const { commits, group } = setUp();
    void group.submit(1);
    let drained = false;
    void group.drain().then(() => {
      drained = true;
    });
    await turn();
    void group.submit(2);
    await commits[0]!.succeed();
    assert.equal(drained, false);
    await commits[1]!.succeed();
    assert.equal(drained, true);
  });
});

describe('a group commit, over any course of submits and commits', () => {
  const [seed] = testSeeds([20_260_102]);
  const courses = fc.record({
    maxBatch: fc.integer({ min: 1, max: 5 }),
    maxBatchBytes: fc.integer({ min: 1, max: 40 }),
    maxInFlight: fc.integer({ min: 1, max: 3 }),
    // A number is submitted; null ends the oldest commit, undefined lets the loop turn.
    steps: fc.array(fc.option(fc.integer({ min: 1, max: 20 })), { minLength: 1, maxLength: 60 }),
  });

  it('commits each operation once and in order, within its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(courses, async ({ steps, ...bounds }) => {
        const { batches, commits, group } = setUp(bounds);
        const submitted: number[] = [];
        const answers: Promise<string>[] = [];
        let ended = 0;
        const end = async () => {
          if (ended < commits.length) await commits[ended++]!.succeed();
          assert.ok(commits.length - ended <= bounds.maxInFlight);
        };
        for (const step of steps) {
          if (step === null) await end();
          else {
            submitted.push(step);
            answers.push(group.submit(step));
          }
        }
        const drained = group.drain();
        for (await turn(); ended < commits.length; await turn()) await end();
        await drained;
        assert.deepEqual(batches().flat(), submitted);
        assert.deepEqual(await Promise.all(answers), submitted.map(String));
        for (const batch of batches()) {
          const bytes = batch.reduce((sum, weight) => sum + weight, 0);
          assert.ok(batch.length <= bounds.maxBatch);
          assert.ok(batch.length === 1 || bytes <= bounds.maxBatchBytes);
        }
      }),
      { seed: seed!, numRuns: 150 },
    );
  });
});

describe('a section of its own in a group commit', () => {
  /** A section that the test ends. */
  const open = (group: Batcher<number, string>) => {
    const end = Promise.withResolvers<void>();
    let begun = false;
    const work = async () => {
      begun = true;
      await end.promise;
    };
    const ended = group.exclusive(work);
    return { end: end.resolve, ended, begun: () => begun };
  };

  it('begins when the commits under way have ended, and none begins before it has', async () => {
    const { batches, commits, group } = setUp({ maxInFlight: 2 });
    void group.submit(1);
    await turn();
    void group.submit(2);
    await turn();
    const section = open(group);
    void group.submit(3);
    await commits[0]!.succeed();
    assert.equal(section.begun(), false);
    await commits[1]!.succeed();
    assert.equal(section.begun(), true);
    assert.deepEqual(batches(), [[1], [2]]);
    section.end();
    await turn();
    assert.deepEqual(batches(), [[1], [2], [3]]);
  });

  it('takes turns with commits: each waits for one of the other at most', async () => {
    const { batches, commits, group } = setUp({ maxInFlight: 2 });
    const [first, second] = [open(group), open(group)];
    await turn();
    void group.submit(1);
    assert.deepEqual([first.begun(), second.begun()], [true, false]);
    first.end();
    await turn();
    assert.deepEqual(batches(), [[1]]);
    void group.submit(2);
    await turn();
    assert.deepEqual(batches(), [[1]], 'the next is the section');
    await commits[0]!.succeed();
    assert.equal(second.begun(), true);
    second.end();
    await turn();
    assert.deepEqual(batches(), [[1], [2]]);
  });

  it('hands on what its work throws, and lets the commits go on', async () => {
    const { commits, group } = setUp();
    const failed = group.exclusive(() => Promise.reject(new Error('no')));
    const answer = group.submit(1);
    await assert.rejects(failed, /no/);
    await turn();
    await commits[0]!.succeed();
    assert.equal(await answer, '1');
  });

  it('is drained, with what it submits', async () => {
    const { commits, group } = setUp();
    const section = open(group);
    void section.ended.then(() => group.submit(7));
    let drained = false;
    void group.drain().then(() => {
      drained = true;
    });
    void group.exclusive(async () => void group.submit(8));
    await turn();
    section.end();
    await turn();
    assert.equal(drained, false);
    while (!drained) {
      for (const commit of commits) await commit.succeed();
      await turn();
    }
    assert.deepEqual(commits.flatMap(({ batch }) => batch).toSorted(), [7, 8]);
  });
});

describe('isolateFailures', () => {
  const commit = async (batch: readonly string[]) => {
    if (batch.includes('bad')) throw new StoreError('STORE_INTERNAL', 'refused');
    if (batch.includes('full')) throw new StoreError('STORE_FULL', 'the disk is full');
    return batch.map((name) => `${name} done`);
  };
  const isolated = isolateFailures(commit, ({ code }) => code === 'STORE_FULL');

  it('commits each operation alone when one of them fails, and only that one fails', async () => {
    const [first, second, third] = await isolated(['a', 'bad', 'b']);
    assert.deepEqual([first, third], ['a done', 'b done']);
    assert.equal((second as StoreError).code, 'STORE_INTERNAL');
  });

  it('fails the whole batch when the storage fails, and does not ask it again', async () => {
    await assert.rejects(isolated(['a', 'full']), { code: 'STORE_FULL' });
  });

  it('fails a batch of one at once', async () => {
    await assert.rejects(isolated(['bad']), { code: 'STORE_INTERNAL' });
  });
});
