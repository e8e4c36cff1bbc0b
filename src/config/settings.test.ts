import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEnv, SETTINGS } from './settings.ts';

describe('the table of settings', () => {
  it('lists every variable once, with all that a reader needs', () => {
    const names = SETTINGS.map((setting) => setting.name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual([...names].sort(), Object.keys(readEnv({}).values).sort());
    for (const { name, takes, meaning } of SETTINGS) {
      assert.match(name, /^[A-Z_]+$/);
      assert.ok(takes.length > 0 && meaning.length > 0, name);
    }
  });

  it('writes defaults as the environment would', () => {
    const written = Object.fromEntries(SETTINGS.map((setting) => [setting.name, setting.default ?? '']));
    assert.deepEqual(readEnv(written).problems, []);
    assert.deepEqual(readEnv(written).values, readEnv({}).values);
    assert.equal(written.RETRY_BASE_DELAY, '5.0');
  });

  it('marks the secrets', () => {
    assert.deepEqual(
      SETTINGS.filter((setting) => setting.secret).map((setting) => setting.name),
      [
        'DATABASE_URL',
        'DATABASE_DIRECT_URL',
        'QUEUE_URL',
        'STRIPE_API_KEY',
        'GITHUB_TOKEN',
        'ADMIN_TOKEN',
        'OTEL_EXPORTER_OTLP_HEADERS',
        'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
        'OTEL_EXPORTER_OTLP_METRICS_HEADERS',
      ],
    );
  });
});
