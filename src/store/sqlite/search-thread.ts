import { workerData } from 'node:worker_threads';
import type { SearchRequest } from '../store.ts';
import { openReader } from './connect.ts';
import { prepareSearch } from './search.ts';
import { serveThread } from './serve-thread.ts';

serveThread<SearchRequest>(() => {
  const { path } = workerData as Readonly<{ path: string }>;
  const searchSlice = prepareSearch(openReader(path));
  return (request) => ({ value: searchSlice(request) });
});
