import { StoreError } from '../domain/errors.ts';
import type { Clock } from '../runtime/clock.ts';

/**
 * Commits a batch. Results come in the order of the operations, an Error for one that failed alone; a rejection fails
 * all of them.
 */
export type Commit<Operation, Result> = (batch: readonly Operation[]) => Promise<readonly (Result | Error)[]>;

export type BatcherOptions<Operation, Result> = Readonly<{
  commit: Commit<Operation, Result>;
  /** Most operations in one commit. */
  maxBatch: number;
  /** Most bytes in one commit, as `weigh` counts them; one operation alone may exceed it. */
  maxBatchBytes: number;
  weigh: (operation: Operation) => number;
  /** Commits that may be in flight at once; with 2 the next one is ready when the last one is durable. */
  maxInFlight: number;
  /**
   * How long a commit is the only one before a second may start beside it. While commits are short, waiting for
   * the first makes a larger batch; a long commit must not hold up everything behind it.
   */
  alone?: Readonly<{ clock: Clock; ms: number }>;
  /**
   * With so many waiting, a commit starts at once instead of at the end of the event loop's turn: a long turn then reads
   * the rest of its requests while the first of them are committed. By default every turn is awaited.
   */
  startAt?: number;
}>;

type Waiting<Operation, Result> = Readonly<{
  operation: Operation;
  answer: (result: Result | Error) => void;
}>;

/**
 * Group commit: gathers the operations that arrive while a commit is in flight and commits them together, so that one
 * fsync or one round trip serves many callers. Each caller still waits for its own durable answer. The SQLite driver has
 * one batcher for all writes, the PostgreSQL driver one for each lane of operations.
 *
 * An operation waits, then is in flight with its batch, then is answered. At any time a batcher is idle, commits (up to
 * `maxInFlight` batches), or runs a section, during which nothing is in flight. Invariants:
 * - Batches are taken from the front of the queue, so operations start in the order of submission.
 * - A batch has at most `maxBatch` operations, and at most `maxBatchBytes` unless its first operation alone has more.
 * - Every operation is answered once, with a result or an Error. A failed commit fails its own batch and no other.
 * - A waiting section keeps new commits from starting; after a section one batch goes first. So neither starves.
 */
export class Batcher<Operation, Result> {
  readonly #options: BatcherOptions<Operation, Result>;
  #waiting: Waiting<Operation, Result>[] = [];
  #inFlight = 0;
  #isAlone = false;
  #endAlone = () => {};
  #scheduled = false;
  #sections: (() => Promise<void>)[] = [];
  #inSection = false;
  /** True after a section, so that a batch goes before the next section. */
  #batchIsNext = false;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions<Operation, Result>) {
    this.#options = options;
  }

  submit(operation: Operation): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.enqueue(operation, (result) => {
        if (result instanceof Error) reject(result);
        else resolve(result);
      });
    });
  }

  /** Like `submit`, without a promise for each operation. @param answer gets the result, or the error */
  enqueue(operation: Operation, answer: (result: Result | Error) => void): void {
    this.#waiting.push({ operation, answer });
    const { startAt = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#waiting.length >= startAt && this.#next() === 'commit') void this.#commitNext();
    else this.#schedule();
  }

  /**
   * Runs `work` as a section: commits in flight end first, and none starts until it has ended. Sections and commits
   * alternate.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#sections.push(() => work().then(resolve, reject));
      this.#schedule();
    });
  }

  /** Resolves when the batcher is idle: everything submitted so far, and what it led to, is answered. */
  drain(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #isIdle(): boolean {
    return (
      this.#inFlight === 0 && this.#waiting.length === 0 && this.#sections.length === 0 && !this.#inSection
    );
  }

  /** What may start now. */
  #next(): 'commit' | 'section' | null {
    if (this.#inSection) return null;
    const batchWaits = this.#waiting.length > 0;
    if (this.#sections.length > 0 && !(this.#batchIsNext && batchWaits)) {
      return this.#inFlight === 0 ? 'section' : null;
    }
    return batchWaits && this.#hasRoom() ? 'commit' : null;
  }

  #hasRoom(): boolean {
    return this.#inFlight === 0 || (!this.#isAlone && this.#inFlight < this.#options.maxInFlight);
  }

  #beAlone(): void {
    const { alone } = this.#options;
    if (alone === undefined) return;
    this.#endAlone();
    this.#isAlone = true;
    this.#endAlone = alone.clock.after(alone.ms, () => {
      this.#isAlone = false;
      this.#schedule();
    });
  }

  /** Starts on the next pass of the event loop, so that requests that arrived with one poll share a commit. */
  #schedule(): void {
    if (this.#scheduled || this.#next() === null) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const next = this.#next();
      if (next === 'commit') void this.#commitNext();
      if (next === 'section') void this.#runSection();
    });
  }

  #ended(): void {
    this.#schedule();
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #runSection(): Promise<void> {
    const section = this.#sections.shift()!;
    this.#inSection = true;
    await section();
    this.#inSection = false;
    this.#batchIsNext = true;
    this.#ended();
  }

  async #commitNext(): Promise<void> {
    const batch = this.#takeBatch();
    this.#batchIsNext = false;
    this.#inFlight += 1;
    this.#beAlone();
    this.#schedule();
    try {
      const results = await this.#options.commit(batch.map((entry) => entry.operation));
      for (let i = 0; i < batch.length; i++) batch[i]!.answer(results[i]!);
    } catch (error) {
      for (const { answer } of batch) answer(error as Error);
    }
    this.#inFlight -= 1;
    this.#ended();
  }

  #takeBatch(): Waiting<Operation, Result>[] {
    const { maxBatch, maxBatchBytes, weigh } = this.#options;
    let count = 0;
    let bytes = 0;
    for (const entry of this.#waiting) {
      bytes += weigh(entry.operation);
      if (count > 0 && (count === maxBatch || bytes > maxBatchBytes)) break;
      count += 1;
    }
    if (count === this.#waiting.length) {
      const all = this.#waiting;
      this.#waiting = [];
      return all;
    }
    return this.#waiting.splice(0, count);
  }
}

/**
 * A commit that fails because of one operation must not fail the others: each is then committed alone, and only
 * the culprit fails.
 * @param commit rejects with a StoreError when nothing of the batch is visible
 * @param isShared whether that error is the storage's, and so would be every operation's
 */
export function isolateFailures<Operation, Result>(
  commit: Commit<Operation, Result>,
  isShared: (error: StoreError) => boolean,
): Commit<Operation, Result> {
  return async (batch) => {
    try {
      return await commit(batch);
    } catch (thrown) {
      if (batch.length === 1 || !(thrown instanceof StoreError) || isShared(thrown)) throw thrown;
    }
    const results: (Result | Error)[] = [];
    for (const operation of batch) {
      results.push(
        await commit([operation]).then(
          ([result]) => result!,
          (error: Error) => error,
        ),
      );
    }
    return results;
  };
}
