import type { Backlog } from './backlog.ts';
import type { Work } from './gather.ts';
import type { Answers, OperationKind, OperationOf } from './operations.ts';
import { partByKeys } from './order-locks.ts';

/** So that no transaction has too many order keys. What one part could not do is told of its own operations alone. */
export function inParts<Kind extends OperationKind>(
  keysOf: (operation: OperationOf<Kind>) => readonly string[],
  work: Work<Kind>,
): Work<Kind> {
  return async (batch) => {
    const parts = partByKeys(batch, keysOf);
    if (parts.length === 1) return work(batch);
    return workPartByPart(parts, work);
  };
}

async function workPartByPart<Kind extends OperationKind>(
  parts: readonly (readonly OperationOf<Kind>[])[],
  work: Work<Kind>,
): Promise<(Answers[Kind] | Error)[]> {
  const answers: (Answers[Kind] | Error)[] = [];
  for (const part of parts) {
    answers.push(...(await work(part).catch((error: Error) => part.map(() => error))));
  }
  return answers;
}

/** Near the limit one statement waits for the other, so that each sees what the one before has left. */
export function inTurnWhenTight(backlog: Backlog, work: Work<'insert'>): Work<'insert'> {
  let last: Promise<void> = Promise.resolve();

  const carefully = async (batch: readonly OperationOf<'insert'>[], before: Promise<void>) => {
    await before;
    return workPartByPart(partsOf(batch, backlog.nearLimitBatch), work);
  };
  return async (batch) => {
    const more = deliveriesOf(batch);
    const own = backlog.isNearLimit(more) ? carefully(batch, last) : work(batch);
    // Without their answers, or each would hold those of all before it.
    last = Promise.allSettled([last, own]).then(() => {});
    backlog.underWay(more);
    try {
      return await own;
    } finally {
      backlog.underWay(-more);
    }
  };
}

function partsOf(batch: readonly OperationOf<'insert'>[], size: number): OperationOf<'insert'>[][] {
  const parts: OperationOf<'insert'>[][] = [];
  let deliveries = Number.POSITIVE_INFINITY;
  for (const insert of batch) {
    deliveries += insert.destinations.length;
    if (deliveries > size) {
      parts.push([]);
      deliveries = insert.destinations.length;
    }
    parts.at(-1)!.push(insert);
  }
  return parts;
}

function deliveriesOf(batch: readonly OperationOf<'insert'>[]): number {
  return batch.reduce((sum, { destinations }) => sum + destinations.length, 0);
}
