import assert from 'node:assert/strict';
import { it } from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { ConfigError } from '../domain/errors.ts';
import { openHandlerSet } from './handler-set.ts';
import type { HandlerSpec } from './open-handlers.ts';
import { contextWith } from './testing.ts';

const tools = { clock: createFakeClock(), random: createSeededRandom(1), isSecretQuery: () => false };

const http = (name: string, more: Partial<HandlerSpec> = {}): HandlerSpec => ({
  name,
  concurrency: 1,
  timeoutMs: 1000,
  target: {
    ...{ kind: 'http', url: `http://127.0.0.1:9/${name}`, headers: {}, secret: null },
    ...{ permanentStatuses: [], method: 'event', query: 'forward' },
  },
  ...more,
});
const config = (...destinations: HandlerSpec[]) => ({ destinations, tools, secretQueries: null });
const isClosed = (handler: { handle: (...args: never[]) => Promise<unknown> }) =>
  handler.handle(anEvent() as never, contextWith() as never).then(
    () => false,
    (error: Error) => /shutting down/.test(error.message),
  );

it('keeps the handler of a destination that stays as it is, and makes the others anew', async () => {
  const set = await openHandlerSet(config(http('same'), http('other')));
  const before = set.inEffect();
  const next = await set.prepare(config(http('same'), http('other', { concurrency: 2 }), http('new')));
  assert.equal(set.inEffect(), before, 'not yet');
  set.use(next);
  const now = set.inEffect();
  assert.equal(now.get('same'), before.get('same'));
  assert.notEqual(now.get('other'), before.get('other'));
  assert.equal(await isClosed(before.get('other')!), false, 'its last attempt may go on');
  await set.close(before.get('other')!);
  assert.equal(await isClosed(before.get('other')!), true);
  await set.closeAll();
  assert.equal(await isClosed(now.get('same')!), true);
});

it('makes all anew when other parts of a query are secret', async () => {
  const set = await openHandlerSet(config(http('same')));
  const next = await set.prepare({
    ...config(http('same')),
    secretQueries: new Map([['s', new Set(['key'])]]),
  });
  assert.notEqual(next.handlers.get('same'), set.inEffect().get('same'));
  await set.closeAll();
});

it('closes what was prepared and is not used, and nothing in effect', async () => {
  const set = await openHandlerSet(config(http('same')));
  const next = await set.prepare(config(http('same'), http('new')));
  await set.discard(next);
  assert.equal(await isClosed(next.handlers.get('new')!), true);
  assert.equal(await isClosed(set.inEffect().get('same')!), false);
  await assert.rejects(
    set.prepare(config(http('same'), http('bad', { target: { kind: 'module', path: '/nowhere.js' } }))),
    ConfigError,
  );
  assert.equal(await isClosed(set.inEffect().get('same')!), false);
  await set.closeAll();
});
