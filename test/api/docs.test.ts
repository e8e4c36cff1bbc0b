import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { request } from './support.ts';

describe('GET /docs', () => {
  let receiver: TestReceiver;
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite);
  });
  const get = (path: string) => request(new URL(path, receiver.url).href);

  /** What the page loads, as it is written there. */
  const assetsOf = (html: string) => [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, url]) => url!);

  it('is a page of HTML whose assets are all here', async () => {
    for (const path of ['/docs', '/docs/']) {
      const page = await get(path);
      assert.equal(page.status, 200);
      assert.match(page.header('content-type') ?? '', /^text\/html\b/);
      const assets = assetsOf(page.text);
      assert.ok(assets.length >= 5, page.text);
      for (const asset of assets) {
        assert.doesNotMatch(asset, /^([a-z]+:|\/\/)/i, 'it is elsewhere');
        const { status, text, header } = await get(new URL(asset, `${receiver.url}${path}`).pathname);
        assert.equal(status, 200, asset);
        assert.ok(text.length > 0, asset);
        assert.equal(header('x-content-type-options'), 'nosniff');
      }
    }
  });

  it('shows the document that GET /openapi.json answers', async () => {
    const shown = await get('/docs/json');
    assert.deepEqual(shown.json, (await get('/openapi.json')).json);
    const { text } = await get('/docs/static/swagger-initializer.js');
    assert.match(text, /url: resolveUrl\('\.\/json'\)/);
    assert.match(text, /validatorUrl: null/);
  });

  it('lets the page load from here alone, over plain http too', async () => {
    for (const path of ['/docs', '/docs/static/swagger-ui-bundle.js']) {
      const policy = (await get(path)).header('content-security-policy') ?? '';
      const directives = new Map(
        policy.split(';').map((text) => {
          const [name = '', ...values] = text.trim().split(' ');
          return [name, values] as const;
        }),
      );
      assert.deepEqual(directives.get('default-src'), ["'none'"]);
      assert.deepEqual(directives.get('script-src'), ["'self'"]);
      assert.deepEqual(directives.get('connect-src'), ["'self'"]);
      // Else the browser asks for the assets by https, where nobody answers.
      assert.ok(!directives.has('upgrade-insecure-requests'), policy);
      const sources = new Set([...directives.values()].flat());
      assert.deepEqual(
        [...sources].filter((source) => !["'none'", "'self'", 'data:'].includes(source)),
        [],
      );
    }
  });

  it('has no inline script, which the policy would stop', async () => {
    const { text } = await get('/docs');
    assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)|\son[a-z]+=|<style|javascript:/i);
  });

  it('leads to no file outside its folder', async () => {
    for (const path of [
      '..%2fpackage.json',
      '%2e%2e/package.json',
      '..%5cpackage.json',
      '%00',
      'static%2f..',
    ]) {
      const { status, text } = await get(`/docs/static/${path}`);
      assert.ok(status === 404 || status === 400, `${status} ${text}`);
      assert.doesNotMatch(text, /node_modules|fastify/);
    }
  });
});
