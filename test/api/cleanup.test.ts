import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startReceiver, suiteCleanup } from '../../testkit/receiver.ts';
import { assertProblem, request } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';

describe('POST /admin/cleanup/confirm', () => {
  const suite = suiteCleanup();

  it('confirms the clock, with the token alone', async () => {
    const { url } = await startReceiver(suite, { env: { ADMIN_TOKEN: TOKEN } });
    const ask = (headers: Record<string, string>) =>
      request(`${url}/admin/cleanup/confirm`, { method: 'POST', headers });
    assertProblem(await ask({}), 'unauthorized');
    const { status, json } = await ask({ authorization: `Bearer ${TOKEN}` });
    assert.equal(status, 200);
    assert.ok(Math.abs(Date.parse(String(json.confirmed_at)) - Date.now()) < 60_000);
    const { text } = await request(`${url}/metrics`);
    assert.match(text, /^webhook_cleanup_held\{kind="events"\} 0$/m);
  });
});
