import assert from 'node:assert/strict';
import test from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { ConfigError } from '../domain/errors.ts';
import type { Handler } from './handler.ts';
import { closeHandlers, openHandlers } from './open-handlers.ts';
import type { Target } from './target.ts';
import { contextWith } from './testing.ts';

const tools = { clock: createFakeClock(), random: createSeededRandom(1), isSecretQuery: () => false };
const spec = (name: string, target: Target) => ({ name, concurrency: 1, timeoutMs: 1000, target });
const http: Target = {
  kind: 'http',
  url: 'http://127.0.0.1:9',
  headers: {},
  secret: null,
  permanentStatuses: [],
  method: 'event',
  query: 'forward',
};

test('makes a handler of each kind', async () => {
  let calls = 0;
  const handlers = await openHandlers(
    [
      spec('web', http),
      spec('function', { kind: 'function', handle: () => void calls++ }),
      spec('simulator', { kind: 'simulator', minMs: 0, maxMs: 0, failureRate: 0 }),
    ],
    tools,
  );
  assert.deepEqual([...handlers.keys()], ['web', 'function', 'simulator']);
  await handlers.get('function')?.handle(anEvent(), contextWith());
  assert.equal(calls, 1);
  await closeHandlers(handlers.values());
  await assert.rejects(handlers.get('web')!.handle(anEvent(), contextWith()), /shutting down/);
});

test('names every destination whose module cannot be used', async () => {
  const opening = openHandlers(
    [
      spec('a', { kind: 'module', path: '/nowhere/a.js' }),
      spec('ok', http),
      spec('b', { kind: 'module', path: '/nowhere/b.js' }),
    ],
    tools,
  );
  const error: unknown = await opening.catch((reason: unknown) => reason);
  assert.ok(error instanceof ConfigError);
  assert.equal(error.problems.length, 2);
  assert.match(error.problems[0]!, /^destinations\.a: .*\/nowhere\/a\.js/);
  assert.match(error.problems[1]!, /^destinations\.b: .*\/nowhere\/b\.js/);
});

test('closes all, also when one fails', async () => {
  const closed: string[] = [];
  const handle = async () => undefined;
  const handlers = new Map<string, Handler>([
    ['bad', { handle, close: () => Promise.reject(new Error('stuck')) }],
    ['good', { handle, close: async () => void closed.push('good') }],
    ['plain', { handle }],
  ]);
  await assert.rejects(closeHandlers(handlers.values()), AggregateError);
  assert.deepEqual(closed, ['good']);
});
