import { workerData } from 'node:worker_threads';
import { type CleanCall, createFileCleaner } from './clean-file.ts';
import { openWriter } from './connect.ts';
import { lockFile } from './file-lock.ts';
import { serveThread } from './serve-thread.ts';
import { prepareBatch } from './transaction.ts';
import { unpackBatch, type WireBatch } from './wire.ts';

export type WriterData = Readonly<{ path: string; maxPendingDeliveries: number; maxPages?: number }>;
export type WriterCall = WireBatch | CleanCall | 'close';

serveThread<WriterCall>(() => {
  const { path, maxPendingDeliveries, maxPages } = workerData as WriterData;
  const lock = lockFile(path);
  const db = openWriter(path, maxPages);
  lock.confirm(db);
  const runBatch = prepareBatch(db, maxPendingDeliveries);
  const cleaner = createFileCleaner(path);
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
    return { value: runBatch(unpackBatch(call)) };
  };
});
