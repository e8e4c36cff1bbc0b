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
  /** Commits that may be under way at once; with 2 the next is at hand when the last one is durable. */
  maxInFlight: number;
  /**
   * How long a commit is alone before another one may be under way beside it. While commits are short, what waits for
   * the end of one makes a larger batch; a long one must not hold up everybody.
   */
  alone?: Readonly<{ clock: Clock; ms: number }>;
}>;

type Waiting<Operation, Result> = Readonly<{
  operation: Operation;
  answer: (result: Result | Error) => void;
}>;

/**
 * Gathers the operations that arrive while a commit is under way and commits them together: one fsync or one round
 * trip serves many callers, and each still sees its own durable answer. Operations keep the order of submission.
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
  /** After a section a batch goes first, so that neither keeps the other waiting for long. */
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

  /** The same for a caller that has no use for a promise of each. @param answer takes the result, or why it failed */
  enqueue(operation: Operation, answer: (result: Result | Error) => void): void {
    this.#waiting.push({ operation, answer });
    this.#schedule();
  }

  /**
   * Runs work while no commit is under way: none begins until it has ended, and those that have begun end first.
   * Sections and commits take turns.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#sections.push(() => work().then(resolve, reject));
      this.#schedule();
    });
  }

  /** Resolves when everything submitted so far, and whatever that leads to, is committed or failed. */
  drain(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #isIdle(): boolean {
    return (
      this.#inFlight === 0 && this.#waiting.length === 0 && this.#sections.length === 0 && !this.#inSection
    );
  }

  /** What may begin now: a section waits until nothing is under way, and no commit overtakes it meanwhile. */
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

  /** Waits for the end of the event loop's turn, so that all requests that came in with one poll share a commit. */
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
 * A commit that fails because of one operation must not cost the others theirs: each is then committed alone, and only
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
