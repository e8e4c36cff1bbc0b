import type { Provider } from '../provider.ts';
import { MINUTE } from './families.ts';

export const discord: Provider = {
  id: 'discord',
  name: 'Discord',
  family: 'public-key',
  needs: [
    {
      option: 'publicKey',
      what: 'Public Key (hex): Discord Developer Portal, the application, General Information.',
    },
  ],
  schemes: [
    {
      alg: 'ed25519',
      sig: { from: 'header:X-Signature-Ed25519', enc: 'hex' },
      ts: { from: 'header:X-Signature-Timestamp', unit: 's', tol: null },
      signed: '{ts}{body}',
      pub: 'raw-hex',
      // There is no separator between time and body: a digit of one could pass for a digit of the other.
      matches: { 'header:X-Signature-Timestamp': '\\d{10}' },
    },
  ],
  // Interactions have an id; webhook events have a time.
  idempotencyKey: ['{body:/id}'],
  marks: [
    {
      when: ['body:/event/timestamp'],
      windowSeconds: 15 * MINUTE,
      source: 'Discord retries for up to ten minutes',
    },
  ],
  eventType: ['{body:/event/type}', '{body:/type}'],
  reply: { status: 204, body: '' },
  handshakes: [
    {
      name: 'interaction ping',
      method: 'POST',
      // Webhook events have the type 1 too, but then they have an event.
      when: { equals: { 'body:/type': '1' }, absent: ['body:/event'] },
      signed: true,
      reply: { status: 200, body: { type: 1 } },
    },
    {
      name: 'event ping',
      method: 'POST',
      when: { equals: { 'body:/type': '0' }, absent: ['body:/event'] },
      signed: true,
      reply: { status: 204, headers: { 'Content-Type': 'application/json' }, body: '' },
    },
  ],
  notes: [
    'Discord sends wrong signatures on purpose, when the URL is saved and later, and expects 401.',
    'Discord retries events for up to ten minutes. It expects the answer to an interaction within 3 s, which a receiver cannot give.',
  ],
  sample: {
    eventType: 'APPLICATION_AUTHORIZED',
    body: {
      version: 1,
      application_id: '1234560123453231555',
      type: 1,
      event: {
        type: '{event_type}',
        timestamp: '{now_iso}',
        data: { integration_type: 1, scopes: ['applications.commands'] },
      },
    },
  },
};
