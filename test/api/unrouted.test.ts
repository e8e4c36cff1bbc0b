import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startSources } from './sources-support.ts';
import { post } from './support.ts';

const TOKEN = {
  schemes: [{ alg: 'token' as const, sig: { from: 'header:X-Token' } }],
  secrets: ['s'],
  identity: { idempotencyKey: ['{body:/id}', '{header:X-Id}'], eventType: ['{body:/type}'] },
};

it('an event that no destination wants is counted, reported and shown with the reason', async (t) => {
  const { url, admin, metric, events } = await startSources(t, {
    sources: { partner: TOKEN },
    events: ['order.*'],
  });
  const deep = `{"id":1234567890123456789,"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  for (const [at, [body, reason]] of (
    [
      ['{"type":"invoice.paid"}', 'no_match'],
      ['{"kind":"order.created"}', 'type_unknown'],
      ['{"type":"order.created"', 'unreadable'],
      [deep, 'type_unknown or unreadable'],
      ['{"type":"order.created"}', null],
    ] as const
  ).entries()) {
    const headers = { 'content-type': 'application/json', 'x-token': 's', 'x-id': String(at) };
    const answer = await post(`${url}/webhooks/partner`, body, headers);
    assert.equal(answer.status, 202, answer.text);
    const { id } = answer.json as { id: string };
    const { unrouted } = (await admin(`/webhooks/${id}`)).json as { unrouted: string | null };
    const reported = events.filter((event) => event.type === 'event.unrouted' && event.eventId === id);
    assert.equal(reported.length, reason === null ? 0 : 1);
    if (reason === null || !reason.includes(' ')) assert.equal(unrouted, reason);
    else assert.ok(reason.includes(unrouted!));
  }
  const count = (reason: string) =>
    metric(`webhook_events_unrouted_total{source="partner",reason="${reason}"}`);
  assert.equal(await count('no_match'), 1);
  assert.equal((await count('type_unknown')) + (await count('unreadable')), 3);
});
