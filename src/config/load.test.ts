import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from './load.ts';

describe('the effective configuration', () => {
  it('without destinations has the simulator, which wants everything', async () => {
    const config = await loadConfig({
      env: { SIMULATED_FAILURE_RATE: '0.5', WORKER_COUNT: '7' },
      cwd: '/nowhere',
    });
    assert.deepEqual(config.destinations, [
      {
        name: 'simulator',
        sources: ['*'],
        events: ['*'],
        concurrency: 7,
        timeoutMs: 30_000,
        retry: { maxAttempts: 5, baseDelayMs: 5000, maxDelayMs: 300_000, jitter: 0.1 },
        order: null,
        rate: null,
        breaker: { failures: 5, events: 3 },
        target: { kind: 'simulator', minMs: 2000, maxMs: 5000, failureRate: 0.5 },
      },
    ]);
    assert.deepEqual(config.sources, [{ name: 'default', verification: null, maxBodyBytes: 5_242_880 }]);
    assert.equal(config.configFile, null);
  });

  it('fills what a destination leaves out from the environment', async () => {
    const env = { WORKER_COUNT: '9', HANDLER_TIMEOUT: '1.5', MAX_ATTEMPTS: '3', RETRY_JITTER: '0' };
    const userConfig = {
      destinations: {
        a: { url: 'http://h/' },
        b: {
          url: 'http://h/b',
          concurrency: 2,
          timeoutSeconds: 0.29,
          retry: { maxAttempts: 1 },
          orderBy: 'body:/id',
        },
      },
    };
    const { destinations } = await loadConfig({ env, cwd: '/nowhere', userConfig });
    const retry = { maxAttempts: 3, baseDelayMs: 5000, maxDelayMs: 300_000, jitter: 0 };
    const http = {
      kind: 'http',
      headers: {},
      secret: null,
      permanentStatuses: [],
      method: 'event',
      query: 'forward',
    };
    const all = { sources: ['*'], events: ['*'] };
    assert.deepEqual(destinations, [
      {
        name: 'a',
        ...all,
        concurrency: 9,
        timeoutMs: 1500,
        retry,
        order: null,
        rate: null,
        breaker: { failures: 5, events: 3 },
        target: { ...http, url: 'http://h/' },
      },
      {
        name: 'b',
        ...all,
        concurrency: 2,
        timeoutMs: 290,
        retry: { ...retry, maxAttempts: 1 },
        order: { by: 'body:/id', onFailure: 'block' },
        rate: null,
        breaker: { failures: 5, events: 3 },
        target: { ...http, url: 'http://h/b' },
      },
    ]);
  });

  it('has the default source once, whether configured or not', async () => {
    const userConfig = { sources: { orders: {}, default: {} } };
    const { sources } = await loadConfig({ env: {}, cwd: '/nowhere', userConfig });
    assert.deepEqual(sources, [
      { name: 'default', verification: null, maxBodyBytes: 5_242_880 },
      { name: 'orders', verification: null, maxBodyBytes: 5_242_880 },
    ]);
  });

  it('has times in milliseconds and an absolute database path', async () => {
    const env = {
      DB_PATH: './data/x.db',
      RETENTION_DAYS: '0.5',
      CLEANUP_INTERVAL_HOURS: '2',
      REJECTED_MAX: '0',
      REJECTED_RETENTION_HOURS: '0.5',
      PUBLIC_URL: 'https://hooks.example.com/in/',
      SHUTDOWN_GRACE: '0',
    };
    const config = await loadConfig({ env, cwd: '/srv/app' });
    assert.equal(config.dbPath, '/srv/app/data/x.db');
    assert.deepEqual(
      [config.retentionMs, config.cleanupIntervalMs, config.shutdownGraceMs],
      [43_200_000, 7_200_000, 0],
    );
    assert.deepEqual(config.rejected, { maxRequests: 0, maxBytes: 8_388_608, retentionMs: 1_800_000 });
    assert.equal(config.http.publicUrl, 'https://hooks.example.com/in');
  });
});
