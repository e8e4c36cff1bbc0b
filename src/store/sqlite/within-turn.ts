import { TransactionError } from '../../domain/errors.ts';

/**
 * Runs work that may be an async function, as long as it has nothing to wait for: the file has one writer, and while
 * a transaction is open all of the inbox waits.
 * @throws TransactionError when the work's promise is still open after a turn of the event loop
 */
export async function withinTurn(work: () => unknown): Promise<void> {
  const result = work();
  if (!isThenable(result)) return;
  const late = Promise.withResolvers<never>();
  const turn = setImmediate(() => late.reject(new TransactionError(WAITS)));
  try {
    await Promise.race([result, late.promise]);
  } finally {
    clearImmediate(turn);
  }
}

const WAITS =
  'the work waits for something while the transaction is open, which on SQLite holds up the whole inbox: ' +
  'do all that takes time before ctx.complete, and only write in it';

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
