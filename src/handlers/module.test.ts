import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import test, { type TestContext } from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { ConfigError } from '../domain/errors.ts';
import { LOAD_TIMEOUT_MS } from '../runtime/load-in-time.ts';
import { createModuleHandler, loadHandlerFunction } from './module.ts';
import { contextWith } from './testing.ts';

async function moduleWith(t: TestContext, source: string, name = 'handler.mjs'): Promise<string> {
  const file = join(await tempDir(t), name);
  await writeFile(file, source);
  return file;
}

test('hands over the event with its payload and the context, and ignores what comes back', async () => {
  const event = anEvent({ body: Buffer.from('[1]') });
  const context = contextWith();
  const handler = createModuleHandler((given, givenContext) => {
    assert.deepEqual(given.payload, [1]);
    assert.equal(given.body, event.body);
    assert.equal(given.id, event.id);
    assert.equal(givenContext, context);
    return { httpStatus: 500 };
  });
  assert.equal(await handler.handle(event, context), undefined);
});

test('passes through what the function throws, at once or later', async () => {
  const thrown = new Error('mine');
  const atOnce = createModuleHandler(() => {
    throw thrown;
  });
  const later = createModuleHandler(() => Promise.reject(thrown));
  const isIt = (error: unknown) => error === thrown;
  await assert.rejects(atOnce.handle(anEvent(), contextWith()), isIt);
  await assert.rejects(later.handle(anEvent(), contextWith()), isIt);
});

test('loads a default export, else one named handler', async (t) => {
  const context = contextWith();
  const byDefault = await loadHandlerFunction(await moduleWith(t, 'export default () => "default"'));
  assert.equal(byDefault(anEvent() as never, context), 'default');
  const source = 'export default 5; export const handler = () => "named"';
  assert.equal(
    (await loadHandlerFunction(await moduleWith(t, source)))(anEvent() as never, context),
    'named',
  );
  const typescript = await moduleWith(t, 'export default (x: unknown): string => "ts"', 'handler.ts');
  assert.equal((await loadHandlerFunction(typescript))(anEvent() as never, context), 'ts');
  const common = await moduleWith(t, 'module.exports = () => "cjs"', 'handler.cjs');
  assert.equal((await loadHandlerFunction(common))(anEvent() as never, context), 'cjs');
});

test('takes a path relative to the working directory', async (t) => {
  const file = await moduleWith(t, 'export default () => 1', 'with space #1.mjs');
  assert.equal(typeof (await loadHandlerFunction(relative(process.cwd(), file))), 'function');
});

test('says what was found instead of a function', async (t) => {
  const problemOf = async (source: string) => {
    const file = await moduleWith(t, source);
    const error: unknown = await loadHandlerFunction(file).catch((reason: unknown) => reason);
    assert.ok(error instanceof ConfigError);
    assert.ok(error.problems[0]?.includes(file));
    return error.problems[0];
  };
  assert.match((await problemOf(''))!, /it exports nothing$/);
  assert.match(
    (await problemOf('export default {}; export const x = 1'))!,
    /it exports default \(object\), x \(number\)$/,
  );
  assert.match((await problemOf('throw new Error("broken")'))!, /cannot be loaded: broken$/);
});

test('says when the module never ends to load', async (t) => {
  const clock = createFakeClock();
  const loading = loadHandlerFunction(await moduleWith(t, 'await new Promise(() => {})'), clock);
  const refused = assert.rejects(loading, /cannot be loaded: it was still loading after 15 s/);
  await clock.advance(LOAD_TIMEOUT_MS);
  await refused;
});

test('says when the module is not there', async () => {
  await assert.rejects(loadHandlerFunction('/nowhere/handler.js'), /\/nowhere\/handler\.js cannot be loaded/);
});
