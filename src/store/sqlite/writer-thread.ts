import { realpathSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { type CleanCall, createFileCleaner } from './clean-file.ts';
import { openWriter } from './connect.ts';
import { lockFile } from './file-lock.ts';
import { serveThread } from './serve-thread.ts';
import { type Limits, prepareBatch } from './transaction.ts';
import { unpackBatch, type WireBatch } from './wire.ts';

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
    return { value: runBatch(unpackBatch(call)) };
  };
});
