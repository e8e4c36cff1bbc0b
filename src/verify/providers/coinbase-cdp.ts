import type { Provider } from '../provider.ts';

export const coinbaseCdp: Provider = {
  id: 'coinbase-cdp',
  name: 'Coinbase Developer Platform',
  aliases: ['cdp', 'coinbase-developer-platform', 'hook0'],
  family: 'timestamp-in-signature',
  needs: [
    {
      option: 'secret',
      what: 'Secret of the subscription (`metadata.secret` in the answer to its creation).',
    },
  ],
  // `h` lists the headers that are signed, in order; their values come in that order.
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Hook0-Signature', split: ',', kv: '=', key: 'v1', enc: 'hex' },
      ts: { from: 'sig:t', unit: 's', tol: 300 },
      signed: '{ts}.{sig:h}.{signed_headers}.{body}',
    },
  ],
  idempotencyKey: ['{body:/id}', '{header:X-Event-Id}'],
  // Which headers are signed is the sender's choice, so that the one of the id may not be.
  replayKey: '{body_sha256_hex}',
  eventType: ['{header:X-Event-Type}', '{body:/type}'],
  sample: {
    eventType: 'onchain.activity.detected',
    headers: { 'X-Event-Id': '{uuid}', 'X-Event-Type': '{event_type}' },
    body: { id: '{uuid}', type: '{event_type}', createdAt: '{now_iso}', data: { network: 'base-mainnet' } },
  },
};
