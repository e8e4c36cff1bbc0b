import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ADMIN_ACCESS } from '../../src/http/admin/access.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, post, request } from './support.ts';

const TOKEN = 'a token of an operator';
const REFERENCE = [
  '/metrics',
  '/docs',
  '/docs/json',
  '/docs/yaml',
  '/docs/static/index.html',
  '/openapi.json',
];

describe('a receiver with ADMIN_PORT', () => {
  let receiver: TestReceiver;
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite, {
      env: { ADMIN_PORT: '0', ADMIN_TOKEN: TOKEN.replaceAll(' ', '-') },
    });
  });
  const headers = { authorization: `Bearer ${TOKEN.replaceAll(' ', '-')}` };

  it('has two listeners, the one for operators on the loopback', () => {
    assert.notEqual(receiver.url, receiver.adminUrl);
    assert.match(receiver.adminUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('tells its health on both', async () => {
    for (const url of [receiver.url, receiver.adminUrl]) {
      for (const path of ['/health', '/ready']) assert.equal((await request(`${url}${path}`)).status, 200);
    }
  });

  it('serves nothing of operators to senders, whatever the method and the token', async () => {
    const reference = REFERENCE.map((path) => `GET ${path}`);
    for (const name of [...Object.keys(ADMIN_ACCESS), ...reference, 'DELETE /metrics', 'GET /admin']) {
      const [method, path] = name.split(' ') as [string, string];
      const url = `${receiver.url}${path.replaceAll(/:\w+/g, 'none')}`;
      assertProblem(await request(url, { method, headers }), 'not_found');
    }
  });

  it('serves it to operators, to whom it takes no events', async () => {
    for (const path of REFERENCE)
      assert.equal((await request(`${receiver.adminUrl}${path}`)).status, 200, path);
    assert.equal((await request(`${receiver.adminUrl}/admin/dead-letters`, { headers })).status, 200);
    assertProblem(await request(`${receiver.adminUrl}/admin/dead-letters`), 'unauthorized');
    assertProblem(await post(`${receiver.adminUrl}/webhooks`, envelope()), 'not_found');
    assert.equal((await post(`${receiver.url}/webhooks`, envelope())).status, 202);
  });
});

it('without ADMIN_PORT all is on one listener', async (t) => {
  const { url, adminUrl } = await startReceiver(t);
  assert.equal(url, adminUrl);
  for (const path of ['/metrics', '/docs', '/health'])
    assert.equal((await request(`${url}${path}`)).status, 200);
});
