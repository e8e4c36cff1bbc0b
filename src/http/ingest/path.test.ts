import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isIngestPath, isKeyQuery, sourceNameOf } from './path.ts';

describe('the paths of ingest', () => {
  it('are /webhooks and what lies below it', () => {
    for (const url of ['/webhooks', '/webhooks/', '/webhooks/github', '/webhooks?a=1', '/webhooks/a/b']) {
      assert.equal(isIngestPath(url), true, url);
    }
    for (const url of ['/', '/webhook', '/webhooks2', '/webhooksx/github', '/admin/webhooks']) {
      assert.equal(isIngestPath(url), false, url);
    }
  });

  it('name their source, the default one where there is none', () => {
    const sources = {
      '/webhooks': 'default',
      '/webhooks/': 'default',
      '/webhooks?idempotency_key=a': 'default',
      '/webhooks/github': 'github',
      '/webhooks/github/': 'github',
      '/webhooks/github?x=/y': 'github',
    };
    for (const [url, source] of Object.entries(sources)) assert.equal(sourceNameOf(url), source, url);
  });

  it('ask for a status by the key of the default source alone', () => {
    assert.equal(isKeyQuery('/webhooks?idempotency_key=a'), true);
    assert.equal(isKeyQuery('/webhooks?other=a'), false);
    assert.equal(isKeyQuery('/webhooks/github?idempotency_key=a'), false);
  });
});
