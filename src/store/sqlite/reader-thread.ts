import { workerData } from 'node:worker_threads';
import { openReader } from './connect.ts';
import { prepareReads, type Read } from './reads.ts';
import { serveThread } from './serve-thread.ts';

export type ReaderData = Readonly<{ path: string }>;

serveThread<Read>(() => {
  const { path } = workerData as ReaderData;
  const answer = prepareReads(openReader(path));
  return (read) => ({ value: answer(read) });
});
