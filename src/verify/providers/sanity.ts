import type { Provider } from '../provider.ts';

export const sanity: Provider = {
  id: 'sanity',
  name: 'Sanity',
  aliases: ['sanity-io'],
  family: 'timestamp-in-signature',
  needs: [
    {
      option: 'secret',
      what: 'Secret of the GROQ-powered webhook: sanity.io/manage, the project, API, Webhooks.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:sanity-webhook-signature', split: ',', kv: '=', key: 'v1', enc: 'base64url' },
      // Sanity's own toolkit does not judge the age.
      ts: { from: 'sig:t', unit: 'ms', tol: null },
      signed: '{ts}.{body}',
    },
  ],
  idempotencyKey: ['{header:idempotency-key}'],
  replayKey: ['{sig:t}:{header:sanity-operation}:{body_sha256_hex}', '{sig:t}:{body_sha256_hex}'],
  replaySignature: {
    from: 'header:sanity-webhook-signature',
    split: ',',
    kv: '=',
    key: 'v1',
    enc: 'base64url',
  },
  eventType: ['{body:/_type}.{header:sanity-operation}', '{header:sanity-operation}', '{body:/_type}'],
  notes: [
    'Your GROQ projection defines the body: keep `_type` in it for the event type.',
    'Any age is accepted: set `toleranceSeconds` for a limit. Sanity retries twice, 30 s apart.',
  ],
  sample: {
    eventType: 'post.update',
    headers: { 'idempotency-key': '{uuid}', 'sanity-operation': 'update' },
    body: { _id: '{uuid}', _type: 'post', _updatedAt: '{now_iso}', title: 'Hello' },
  },
};
