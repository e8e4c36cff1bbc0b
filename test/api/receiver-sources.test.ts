import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startReceiver } from '../../testkit/receiver.ts';
import { createTempDir } from '../../testkit/temp-dir.ts';
import { ADMIN, postSigned } from './sources-support.ts';
import { assertProblem, eventually, post, request, statusOf } from './support.ts';

const SECRET = 'b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81';

type Context = Readonly<{ after(clean: () => Promise<void>): void }>;

/** A receiver with SQLite, to be started again on the same file. */
async function onOneFile(t: Context) {
  const folder = await createTempDir();
  t.after(() => folder.remove());
  const env = { DB_PATH: join(folder.path, 'events.db'), ADMIN_TOKEN: ADMIN };
  return (sources: NonNullable<Parameters<typeof startReceiver>[1]>['sources'], more = {}) =>
    startReceiver(t, { env: { ...env, ...more }, sources: sources! });
}

const admin = (url: string, path: string, method = 'GET') =>
  request(`${url}/admin${path}`, { method, headers: { authorization: `Bearer ${ADMIN}` } });

describe('sources of a whole receiver', () => {
  it('hand verified events to their destinations, with the secret of a handshake after a restart too', async (t) => {
    const start = await onOneFile(t);
    const first = await start({ asana: { provider: 'asana' } });
    const hello = await post(`${first.url}/webhooks/asana`, '{}', { 'X-Hook-Secret': SECRET });
    assert.equal(hello.header('x-hook-secret'), SECRET);
    await first.stop();
    const second = await start({ asana: { provider: 'asana' } });
    const answer = await postSigned(`${second.url}/webhooks/asana`, {
      provider: 'asana',
      secret: SECRET,
      body: '{"events":[{"action":"changed","resource":{"resource_type":"task"}}]}',
    });
    assert.equal(answer.status, 202);
    await statusOf(second.url, answer.json.id, 'completed');
    const { json } = await admin(second.url, `/webhooks/${answer.json.id}`);
    assert.equal(json.event_type, 'task.changed');
  });

  it('take rejected requests after all once the secret is right', async (t) => {
    const start = await onOneFile(t);
    const first = await start({ github: { provider: 'github', secret: 'wrong' } });
    const refused = await postSigned(`${first.url}/webhooks/github`, {
      provider: 'github',
      secret: 'right',
      body: '{"n":1}',
      headers: { 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'd-1' },
    });
    assertProblem(refused, 'unverified');
    const listed = await eventually(
      () => admin(first.url, '/rejected'),
      ({ json }) => (json.rejected as unknown[]).length === 1,
    );
    const [{ id }] = listed.json.rejected as [{ id: string }];
    await first.stop();
    const second = await start({ github: { provider: 'github', secret: 'right' } });
    const { json } = await admin(second.url, `/rejected/${id}/reverify`, 'POST');
    assert.equal(json.outcome, 'accepted');
    await statusOf(second.url, (json.event as { id: string }).id, 'completed');
    assert.deepEqual((await admin(second.url, '/rejected')).json, { rejected: [], next: null });
  });

  it('forget rejected requests after their retention', async (t) => {
    const start = await onOneFile(t);
    const first = await start({ github: { provider: 'github', secret: 'right' } });
    await post(`${first.url}/webhooks/github`, '{}');
    await eventually(
      () => admin(first.url, '/rejected'),
      ({ json }) => (json.rejected as unknown[]).length === 1,
    );
    await first.stop();
    const second = await start(
      { github: { provider: 'github', secret: 'right' } },
      { REJECTED_RETENTION_HOURS: '0.0001', CLEANUP_INTERVAL_HOURS: '0.0001' },
    );
    await eventually(
      () => admin(second.url, '/rejected'),
      ({ json }) => (json.rejected as unknown[]).length === 0,
    );
  });

  it('have their series from the start', async (t) => {
    const { url } = await startReceiver(t, {
      sources: {
        meta: { provider: 'meta', secret: 's' },
        sns: { provider: 'aws-sns', params: { topicArn: 'arn:aws:sns:us-east-1:1:T' } },
      },
    });
    const { text } = await request(`${url}/metrics`);
    for (const line of [
      'webhook_handshakes_total{source="meta",handshake="subscription verification",outcome="answered"} 0',
      'webhook_handshakes_total{source="sns",handshake="subscription confirmation",outcome="refused"} 0',
      'webhook_confirmations_total{source="sns",outcome="failed"} 0',
      'webhook_rejected_requests_total{source="meta",outcome="kept"} 0',
      'webhook_events_total{result="rejected",source="meta",reason="wrong_signature"} 0',
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
    assert.ok(!text.includes('webhook_confirmations_total{source="meta"'));
  });
});
