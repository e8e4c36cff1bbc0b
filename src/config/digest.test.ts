import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Config } from './config.ts';
import type { UserConfig } from './define-config.ts';
import { changesOf, digestOf, flatConfig } from './digest.ts';
import { loadConfig } from './load.ts';
import { inEffectAfter, restartOnly } from './restart.ts';

const load = (userConfig: UserConfig, env: Readonly<Record<string, string>> = {}): Promise<Config> =>
  loadConfig({ env, cwd: import.meta.dirname, userConfig });

const FIRST: UserConfig = {
  sources: {
    a: { provider: 'github', secret: 'the first secret' },
    'b.c': { provider: 'github', secret: 's' },
  },
  destinations: {
    x: { url: 'http://127.0.0.1/x', headers: { authorization: 'Bearer hidden' } },
    y: { url: 'http://127.0.0.1/y' },
  },
  tokens: { ann: { role: 'viewer', token: 'a-token-of-ann-1' } },
};

describe('changes of a configuration', () => {
  it('are named, and no value is shown', async () => {
    const before = flatConfig(await load(FIRST));
    const after = flatConfig(
      await load({
        sources: {
          a: { provider: 'github', secrets: ['another secret', 'one more'] },
          d: { provider: 'github', secret: 's' },
        },
        destinations: {
          x: {
            url: 'http://127.0.0.1/x',
            headers: { authorization: 'Bearer other' },
            retry: { maxAttempts: 9 },
          },
          y: { url: 'http://127.0.0.1/y' },
        },
        tokens: {
          ann: { role: 'operator', token: 'a-token-of-ann-2' },
          bob: { role: 'admin', token: 'a-token-of-bob-1' },
        },
        logLevel: 'DEBUG',
      }),
    );
    const changes = changesOf(before, after);
    assert.deepEqual(changes, [
      'added sources.d',
      'added tokens.bob',
      'changed destinations.x.headers.authorization',
      'changed destinations.x.retry.maxAttempts',
      'changed logLevel',
      'changed sources.a.secrets[0]',
      'changed sources.a.secrets[1]',
      'changed tokens.ann.role',
      'changed tokens.ann.token',
      'removed sources["b.c"]',
    ]);
    assert.deepEqual(changesOf(after, after), []);
  });

  it('are the order of destinations, too', async () => {
    const { x, y } = FIRST.destinations!;
    const [before, after] = [await load(FIRST), await load({ ...FIRST, destinations: { y: y!, x: x! } })];
    assert.deepEqual(changesOf(flatConfig(before), flatConfig(after)), ['changed the order of destinations']);
  });
});

describe('the digest', () => {
  it('is equal on nodes that differ in their ports and database, and differs with a secret', async () => {
    const digest = async (config: UserConfig, env = {}) => digestOf(flatConfig(await load(config, env)));
    const first = await digest(FIRST);
    assert.match(first, /^[0-9a-f]{12}$/);
    assert.equal(await digest(FIRST, { PORT: '1', HOST: '127.0.0.1', DB_PATH: '/x.db' }), first);
    const rotated = {
      ...FIRST,
      sources: { ...FIRST.sources, a: { provider: 'github' as const, secret: 'x' } },
    };
    assert.notEqual(await digest(rotated), first);
    assert.notEqual(await digest({ ...FIRST, tokens: {} }), first);
  });
});

describe('what needs a restart', () => {
  it('is named, and stays as it is', async () => {
    const running = await load(FIRST, { DATABASE_URL: 'postgres://h/one', PORT: '1' });
    const read = await load(
      {},
      { DATABASE_URL: 'postgres://h/two', PORT: '2', QUEUE_MAXSIZE: '7', LOG_LEVEL: 'WARN' },
    );
    assert.deepEqual(restartOnly(running, read), ['DATABASE_URL', 'PORT', 'QUEUE_MAXSIZE']);
    const next = inEffectAfter(running, read);
    assert.deepEqual(
      [next.databaseUrl, next.http.port, next.log.level, next.sources.length, next.tokens],
      ['postgres://h/one', 1, 'warn', 1, []],
    );
  });

  it('or takes effect: every part of a configuration is one of the two', async () => {
    const config = await load(FIRST);
    const other = (value: unknown): unknown => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, other(member)]));
      }
      return Array.isArray(value) ? [...value, 'other'] : `other than ${value}`;
    };
    for (const key of Object.keys(config) as (keyof Config)[]) {
      const parts =
        typeof config[key] === 'object' && config[key] !== null && !Array.isArray(config[key])
          ? Object.keys(config[key])
          : [null];
      for (const part of parts) {
        const value =
          part === null
            ? other(config[key])
            : { ...(config[key] as object), [part]: other((config[key] as Record<string, unknown>)[part]) };
        const read = { ...config, [key]: value } as Config;
        const next = inEffectAfter(config, read);
        const isLive = JSON.stringify(next[key]) === JSON.stringify(read[key]);
        assert.notEqual(
          isLive,
          restartOnly(config, read).length > 0,
          `${key}${part === null ? '' : `.${part}`}`,
        );
      }
    }
  });
});
