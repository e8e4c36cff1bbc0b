import { realpathSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { type CleanCall, createFileCleaner } from './clean-file.ts';
import { openWriter } from './connect.ts';
import { lockFile } from './file-lock.ts';
import { serveThread } from './serve-thread.ts';
import { type Limits, prepareBatch } from './transaction.ts';
import { unpackBatch, type WireBatch } from './wire.ts';
import { buffersOf } from './wire-leased.ts';
import type { WriteAnswer } from './writes.ts';

export type WriterCall = WireBatch | CleanCall | 'close';
export type WriterData = Limits & Readonly<{ path: string; maxPages?: number }>;

serveThread<WriterCall>(() => {
  const { path, maxPages, ...limits } = workerData as WriterData;
  const lock = lockFile(path);
  const db = openWriter(path, maxPages);
  lock.confirm(db);
  const runBatch = prepareBatch(db, limits);
  const cleaner = createFileCleaner(realpathSync(path));
  return (call) => {
    if (call === 'close') {
      // Leaves a single file behind, so that a copy of it is a whole backup.
      lock.withdraw(db);
      db.exec('pragma wal_checkpoint(truncate)');
      db.close();
      cleaner.close();
      lock.release();
      return { value: undefined };
    }
    if ('clean' in call) return { value: cleaner.answer(call) };
    const answers = runBatch(unpackBatch(call));
    return { value: answers, transfer: answers.flatMap(transferOf) };
  };
});

/** What an answer brings along that is transferred instead of cloned. */
function transferOf(answer: WriteAnswer): readonly ArrayBuffer[] {
  return typeof answer === 'object' && answer !== null && 'leased' in answer ? buffersOf(answer.leased) : [];
}
