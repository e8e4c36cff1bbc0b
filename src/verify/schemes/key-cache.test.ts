import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FetchError, guardedFetch } from './fetch-keys.ts';
import { createKeyCache, KeysUnavailable } from './key-cache.ts';

describe('the cache of keys', () => {
  const loaded: string[] = [];
  const cacheOf = (more: object = {}) => {
    loaded.length = 0;
    const load = async (name: string) => {
      loaded.push(name);
      if (name.startsWith('bad')) throw new FetchError('down', null);
      return name.toUpperCase();
    };
    return createKeyCache({ load, ttlMs: 1000, ...more });
  };

  it('loads once for callers at the same time, and again when it is too old', async () => {
    const cache = cacheOf();
    assert.deepEqual(await Promise.all([cache.get('a', 0), cache.get('a', 0), cache.get('a', 999)]), [
      'A',
      'A',
      'A',
    ]);
    assert.deepEqual(loaded, ['a']);
    await cache.get('a', 1000);
    assert.deepEqual(loaded, ['a', 'a']);
    await cache.get('a', 1500, 100);
    assert.equal(loaded.length, 3);
  });

  it('keeps a failure for five seconds only', async () => {
    const cache = cacheOf({ ttlMs: 60_000 });
    for (const nowMs of [0, 10, 4999]) await assert.rejects(cache.get('bad', nowMs), KeysUnavailable);
    assert.equal(loaded.length, 1);
    await assert.rejects(cache.get('bad', 5000), /could not be fetched: down/);
    assert.equal(loaded.length, 2);
  });

  it('is bounded, and failures go first', async () => {
    const cache = cacheOf({ maxEntries: 2 });
    await cache.get('a', 0);
    for (let i = 0; i < 5; i++) await assert.rejects(cache.get(`bad${i}`, 0));
    await cache.get('a', 1);
    assert.equal(loaded.filter((name) => name === 'a').length, 1);
    await cache.get('b', 1);
    await cache.get('c', 1);
    await cache.get('a', 1);
    assert.equal(loaded.filter((name) => name === 'a').length, 2);
  });

  it('loads only so many a minute', async () => {
    const cache = cacheOf({ maxLoadsPerMinute: 3 });
    for (const name of ['a', 'b', 'c']) await cache.get(name, 0);
    await assert.rejects(cache.get('d', 59_999), KeysUnavailable);
    assert.equal(await cache.get('d', 60_000), 'D');
  });
});

describe('the guarded fetch', () => {
  for (const url of [
    'http://keys.example/a',
    'https://keys.example:8443/a',
    'https://u:p@keys.example/a',
    'file:///etc/passwd',
  ]) {
    it(`does not go to ${url}`, async () => assert.rejects(guardedFetch(url), FetchError));
  }
  it('says only that a host could not be reached', async () => {
    await assert.rejects(
      guardedFetch('https://keys.invalid/secret-path'),
      /keys\.invalid could not be reached/,
    );
  });
});
