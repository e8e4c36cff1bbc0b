import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createIsSecretQuery } from '../../src/ingest/open-source.ts';
import { startSources } from './sources-support.ts';
import { post } from './support.ts';

const STRAVA = { provider: 'strava', secrets: ['hunter2'] };
const BODY = '{"aspect_type":"create","event_time":1760000000,"object_type":"activity"}';

describe('how an event came', () => {
  it('shows on the event, without the secrets in its query', async (t) => {
    const { url, admin } = await startSources(t, { sources: { strava: STRAVA } });
    const { json, status, text } = await post(`${url}/webhooks/strava?token=hunter2&club=7`, BODY);
    assert.equal(status, 200, text);
    const { method, url: shown } = (await admin(`/webhooks/${(json as { id: string }).id}`)).json as Record<
      string,
      unknown
    >;
    assert.equal(method, 'POST');
    assert.equal(shown, '/webhooks/strava?token=[redacted]&club=7');
  });

  it('leaves secrets of the verification out of what a destination gets, and nothing else', () => {
    const verification = (provider: string) => ({
      ...{ provider, schemes: null, secrets: ['s'], publicKey: null, params: {}, publicUrl: null },
      ...{
        identity: { idempotencyKey: null, eventType: null },
        toleranceSeconds: null,
        replayWindowMs: null,
      },
      ...{ replayOnRedelivery: true, handshakes: [], reply: null },
    });
    const isSecret = createIsSecretQuery([
      { name: 'strava', verification: verification('strava') },
      { name: 'chimp', verification: verification('mailchimp') },
      { name: 'plain', verification: null },
    ]);
    assert.ok(isSecret('strava', 'token') && isSecret('chimp', 'secret'));
    assert.ok(!isSecret('strava', 'club') && !isSecret('chimp', 'token') && !isSecret('plain', 'token'));
    assert.ok(isSecret('gone', 'token') && !isSecret('gone', 'club'));
  });
});
