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
  // The header names the event; the id in the body may be that of a resource.
  idempotencyKey: ['{header:X-Event-Id}', '{body:/id}'],
  // Which headers are signed is the sender's choice, so that the one of the id may not be.
  replayKey: ['{sig:t}:{header:X-Event-Type}:{body_sha256_hex}', '{sig:t}:{body_sha256_hex}'],
  replaySignature: { from: 'header:X-Hook0-Signature', split: ',', kv: '=', key: 'v1', enc: 'hex' },
  eventType: ['{header:X-Event-Type}', '{body:/type}'],
  sample: {
    eventType: 'onchain.activity.detected',
    headers: { 'X-Event-Id': '{uuid}', 'X-Event-Type': '{event_type}' },
    body: { id: '{uuid}', type: '{event_type}', createdAt: '{now_iso}', data: { network: 'base-mainnet' } },
  },
};
