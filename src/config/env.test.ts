import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { checkFile } from './check-file.ts';
import { env, findMissingEnv } from './env.ts';
import { loadConfig } from './load.ts';

const problemsOf = (value: unknown) => checkFile(value, 'config').problems;

describe('env', () => {
  before(() => {
    process.env.ENV_TEST_SET = 'hunter2';
    process.env.ENV_TEST_EMPTY = '';
    delete process.env.ENV_TEST_UNSET;
  });
  after(() => {
    delete process.env.ENV_TEST_SET;
    delete process.env.ENV_TEST_EMPTY;
  });

  it('is the value of the variable', () => {
    assert.equal(env('ENV_TEST_SET'), 'hunter2');
    assert.deepEqual(findMissingEnv({ a: [env('ENV_TEST_SET'), 'x', 5, null, () => {}] }), []);
  });

  it('stops the start when the variable is unset or empty, naming it and the option', () => {
    const sources = {
      a: { provider: 'github', secret: env('ENV_TEST_UNSET') },
      'b.c': { provider: 'stripe', secrets: ['x', env('ENV_TEST_EMPTY')] },
    };
    assert.deepEqual(problemsOf({ sources }), [
      'sources.a.secret: got env("ENV_TEST_UNSET"), which is not set, takes a variable that has a value',
      'sources["b.c"].secrets[1]: got env("ENV_TEST_EMPTY"), which is empty, takes a variable that has a value',
    ]);
  });

  it('is found as a part of a longer text, and anywhere in the file', () => {
    const value = {
      sources: { a: { provider: 'postmark', secret: `hooks:${env('ENV_TEST_UNSET')}` } },
      destinations: {
        d: { url: 'http://h/', secret: env('ENV_TEST_UNSET'), headers: { a: env('ENV_TEST_UNSET') } },
      },
    };
    assert.deepEqual(
      problemsOf(value).map((line) => line.split(':')[0]),
      ['sources.a.secret', 'destinations.d.secret', 'destinations.d.headers.a'],
    );
  });

  it('is told together with all other mistakes', () => {
    const sources = {
      a: { provider: 'github', secret: env('ENV_TEST_UNSET'), replayWindowSeconds: -1 },
      b: 5,
    };
    assert.deepEqual(
      problemsOf({ sources }).map((line) => line.split(':')[0]),
      ['sources.a.secret', 'sources.a.replayWindowSeconds', 'sources.b'],
    );
  });

  it('ends on values that hold themselves', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    assert.deepEqual(findMissingEnv(loop), []);
  });

  it('serves the whole configuration', async () => {
    const userConfig = { sources: { a: { provider: 'github', secret: env('ENV_TEST_SET') } } } as const;
    const { sources } = await loadConfig({ env: {}, cwd: '/nowhere', userConfig });
    assert.deepEqual(sources[0]?.verification?.secrets, ['hunter2']);
  });
});
