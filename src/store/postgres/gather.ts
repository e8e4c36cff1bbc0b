import { systemClock } from '../../runtime/clock.ts';
import { Batcher } from '../batcher.ts';
import type { Answers, OperationKind, OperationOf } from './operations.ts';
import { isStorageFailure, toStoreError } from './store-failure.ts';

/** Does operations of one kind that may go together, and answers in their order, with an Error for one that failed. */
export type Lane<Kind extends OperationKind> = (
  group: readonly OperationOf<Kind>[],
) => Promise<readonly (Answers[Kind] | Error)[]>;

/** One statement, or some after each other, for a batch. A rejection fails all of it. */
export type Work<Kind extends OperationKind> = (
  batch: readonly OperationOf<Kind>[],
) => Promise<readonly (Answers[Kind] | Error)[]>;

const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const MAX_BATCH = 512;
/** Statements cost beside their rows, so few large ones are best, unless one has to wait for the disk or a replica. */
const IN_FLIGHT = 2;
/** How long an insert is alone before a second one is sent. */
const ALONE_MS = 10;

/**
 * A lane of statements under way; what arrives meanwhile shares the next one.
 * @param isAlone a second statement is sent only when the first one takes long. It makes larger batches of accepts; a
 *   settlement that waits keeps a worker from its next delivery.
 */
export function gather<Kind extends OperationKind>(
  work: Work<Kind>,
  weigh: (operation: OperationOf<Kind>) => number,
  isAlone = false,
): Lane<Kind> {
  const commits = new Batcher<OperationOf<Kind>, Answers[Kind]>({
    commit: (batch) => onlyCulpritsFail(work, batch),
    maxBatch: MAX_BATCH,
    maxBatchBytes: MAX_BATCH_BYTES,
    weigh,
    maxInFlight: IN_FLIGHT,
    ...(isAlone && { alone: { clock: systemClock, ms: ALONE_MS } }),
  });
  return (group) =>
    new Promise((resolve) => {
      const answers: (Answers[Kind] | Error)[] = [];
      let open = group.length;
      for (const [at, operation] of group.entries()) {
        commits.enqueue(operation, (answer) => {
          answers[at] = answer;
          open -= 1;
          if (open === 0) resolve(answers);
        });
      }
    });
}

/**
 * A failure of the storage fails the whole batch. A failure of one operation must not cost its neighbours their
 * commit: then each is done by itself, and only the culprit fails.
 */
export async function onlyCulpritsFail<Kind extends OperationKind>(
  work: Work<Kind>,
  batch: readonly OperationOf<Kind>[],
): Promise<readonly (Answers[Kind] | Error)[]> {
  try {
    return await work(batch);
  } catch (thrown) {
    const error = toStoreError(thrown);
    if (batch.length === 1 || isStorageFailure(error)) throw error;
    const answers: (Answers[Kind] | Error)[] = [];
    for (const operation of batch) {
      answers.push(await work([operation]).then(([answer]) => answer!, toStoreError));
    }
    return answers;
  }
}
