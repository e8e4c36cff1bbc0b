import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

/** What each folder of src/ may import besides itself. Dependencies point inward: nothing imports what uses it. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  schema: [],
  runtime: ['domain'],
  verify: ['domain', 'schema'],
  trace: ['domain', 'runtime'],
  events: ['domain', 'verify', 'trace'],
  filter: ['domain', 'schema', 'runtime', 'verify'],
  store: ['domain', 'runtime', 'filter'],
  queue: ['domain', 'runtime'],
  handlers: ['domain', 'runtime', 'verify', 'trace'],
  ingest: ['domain', 'runtime', 'verify', 'trace', 'events', 'store'],
  bulk: ['domain', 'runtime', 'filter', 'trace', 'events', 'store', 'ingest'],
  reconcile: ['domain', 'runtime', 'trace', 'events', 'store', 'ingest'],
  dispatch: ['domain', 'runtime', 'trace', 'events', 'store', 'queue', 'handlers'],
  observe: ['domain', 'runtime', 'verify', 'trace', 'events', 'store', 'queue', 'ingest'],
  config: ['domain', 'runtime', 'schema', 'verify', 'trace', 'handlers', 'ingest', 'reconcile', 'observe'],
  http: [
    'domain',
    'filter',
    'runtime',
    'schema',
    'verify',
    'trace',
    'events',
    'store',
    'observe',
    'ingest',
    'bulk',
    'reconcile',
  ],
  cli: [
    'domain',
    'filter',
    'runtime',
    'schema',
    'verify',
    'trace',
    'events',
    'store',
    'observe',
    'reconcile',
    'ingest',
    'config',
    '(root)',
  ],
  '(root)': [
    'domain',
    'schema',
    'runtime',
    'filter',
    'verify',
    'trace',
    'events',
    'store',
    'queue',
    'observe',
    'handlers',
    'ingest',
    'reconcile',
    'config',
    'dispatch',
    'bulk',
    'http',
    'cli',
  ],
};

/** Files that alone may look inside a driver. */
const DRIVER_USERS =
  /^(store\/open-store\.ts|store\/migrate\/|queue\/open-queue\.ts|(store|queue)\/conformance\/)/;

const SRC = path.join(import.meta.dirname, '../../src');

type Edge = Readonly<{ from: string; to: string }>;

/** All imports between the program's own modules, tests left out, as paths below src/. */
async function edges(): Promise<Edge[]> {
  const found: Edge[] = [];
  for await (const file of glob('**/*.ts', { cwd: SRC })) {
    if (
      /\.(test|proof)\.ts$/.test(file) ||
      file.endsWith('testing.ts') ||
      /^(store|queue)\/conformance\//.test(file)
    )
      continue;
    const text = readFileSync(path.join(SRC, file), 'utf8');
    for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      found.push({ from: file, to: path.join(path.dirname(file), target!) });
    }
  }
  return found;
}

function folderOf(file: string): string {
  if (file === 'events.ts') return 'events';
  const [first, ...rest] = file.split('/');
  return rest.length === 0 ? '(root)' : first!;
}

function breaksLayers({ from, to }: Edge): boolean {
  const [a, b] = [folderOf(from), folderOf(to)];
  return a !== b && !(ALLOWED[a] ?? []).includes(b);
}

function breaksDriver({ from, to }: Edge): boolean {
  const driver = /^(?:store\/(?:sqlite|postgres|memory)|queue\/(?:redis|rabbitmq|memory))\//.exec(to)?.[0];
  return driver !== undefined && !from.startsWith(driver) && !DRIVER_USERS.test(from);
}

test('dependencies point inward', async () => {
  const all = await edges();
  assert.ok(all.length > 100, `only ${all.length} imports were found: is the search right?`);
  assert.deepEqual(all.filter(breaksLayers), []);
});

test('only open-store.ts, store/migrate, open-queue.ts and the conformance suites know a driver', async () => {
  assert.deepEqual((await edges()).filter(breaksDriver), []);
});

test('the rules see a wrong edge', () => {
  assert.equal(breaksLayers({ from: 'domain/event.ts', to: 'store/store.ts' }), true);
  assert.equal(breaksLayers({ from: 'store/store.ts', to: 'http/api.ts' }), true);
  assert.equal(breaksDriver({ from: 'http/api.ts', to: 'store/sqlite/open.ts' }), true);
  assert.equal(breaksDriver({ from: 'dispatch/sweeper.ts', to: 'queue/redis/open.ts' }), true);
  assert.equal(breaksDriver({ from: 'store/memory/open.ts', to: 'store/sqlite/open.ts' }), true);
});
