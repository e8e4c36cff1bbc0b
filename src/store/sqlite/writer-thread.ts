import { workerData } from 'node:worker_threads';
import { openWriter } from './connect.ts';
import { lockFile } from './file-lock.ts';
import { serveThread } from './serve-thread.ts';
import { prepareBatch } from './transaction.ts';
import { unpackBatch, type WireBatch } from './wire.ts';

export type WriterData = Readonly<{ path: string; maxPendingDeliveries: number; maxPages?: number }>;
export type WriterCall = WireBatch | 'close';

serveThread<WriterCall>(() => {
  const { path, maxPendingDeliveries, maxPages } = workerData as WriterData;
  const lock = lockFile(path);
  const db = openWriter(path, maxPages);
  lock.confirm(db);
  const runBatch = prepareBatch(db, maxPendingDeliveries);
  return (call) => {
    if (call === 'close') {
      // Leaves a single file behind, so that a copy of it is a whole backup.
      lock.withdraw(db);
      db.exec('pragma wal_checkpoint(truncate)');
      db.close();
      lock.release();
      return { value: undefined };
    }
    return { value: runBatch(unpackBatch(call)) };
  };
});
