import { workerData } from 'node:worker_threads';
import { prepareQueries, type Queries } from './browse.ts';
import { openReader } from './connect.ts';
import { serveThread } from './serve-thread.ts';

export type ReaderData = Readonly<{ path: string }>;
export type ReaderCall = Readonly<{ query: keyof Queries; args: readonly unknown[] }>;

serveThread<ReaderCall>(() => {
  const { path } = workerData as ReaderData;
  const queries = prepareQueries(openReader(path));
  return ({ query, args }) => {
    const ask = queries[query] as (...args: readonly unknown[]) => unknown;
    return { value: ask(...args) };
  };
});
