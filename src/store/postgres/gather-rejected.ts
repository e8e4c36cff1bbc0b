import { Batcher } from '../batcher.ts';
import type { Query } from './database.ts';
import { type Keep, keepRejected } from './rejected.ts';
import { isStorageFailure, toStoreError } from './store-failure.ts';

const MAX_BATCH = 256;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** Keeps rejected requests many at a time, for they come in floods; one statement after the other, in their order. */
export function gatherRejected(query: Query): (keep: Keep) => Promise<void> {
  const commits = new Batcher<Keep, void>({
    commit: (batch) => keepAll(query, batch),
    maxBatch: MAX_BATCH,
    maxBatchBytes: MAX_BATCH_BYTES,
    weigh: ({ request }) => request.body?.length ?? 0,
    maxInFlight: 1,
  });
  return (keep) => commits.submit(keep);
}

async function keepAll(query: Query, batch: readonly Keep[]): Promise<(undefined | Error)[]> {
  const answers: (undefined | Error)[] = [];
  for (const part of ofSameBounds(batch)) {
    try {
      await keepRejected(query, part);
      answers.push(...part.map(() => undefined));
    } catch (thrown) {
      const error = toStoreError(thrown);
      if (isStorageFailure(error)) throw error;
      for (const keep of part) {
        answers.push(await keepRejected(query, [keep]).then(() => undefined, toStoreError));
      }
    }
  }
  return answers;
}

/** Bounds are configured, so they are the same but for tests and the moment of a change. */
function ofSameBounds(batch: readonly Keep[]): Keep[][] {
  const parts: Keep[][] = [];
  for (const keep of batch) {
    const { maxRequests, maxBytes } = parts.at(-1)?.[0]?.bounds ?? { maxRequests: -1, maxBytes: -1 };
    const isSame = keep.bounds.maxRequests === maxRequests && keep.bounds.maxBytes === maxBytes;
    if (!isSame) parts.push([]);
    parts.at(-1)!.push(keep);
  }
  return parts;
}
