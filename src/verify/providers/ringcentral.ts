import type { Provider } from '../provider.ts';

const TOKEN = '[!-~]{1,512}';

export const ringcentral: Provider = {
  id: 'ringcentral',
  name: 'RingCentral',
  family: 'token',
  needs: [
    {
      option: 'secret',
      what: '`verificationToken` that you chose in the delivery mode of the subscription.',
    },
  ],
  schemes: [{ alg: 'token', sig: { from: 'header:Verification-Token' } }],
  idempotencyKey: ['{body:/uuid}'],
  eventType: ['{body:/event}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'validation token',
      method: 'POST',
      when: { matches: { 'header:Validation-Token': TOKEN } },
      signed: false,
      reply: { status: 200, headers: { 'Validation-Token': '{header:Validation-Token}' }, body: '' },
    },
  ],
  notes: ['The token proves the sender and covers nothing.'],
  sample: {
    eventType: '/restapi/v1.0/account/1001/extension/1002/message-store',
    body: {
      uuid: '{uuid}',
      event: '{event_type}',
      timestamp: '{now_iso}',
      subscriptionId: '5ec1c9a9-0c13-4f7a-b2f2-6f1a1c9d8e7f',
      ownerId: '1002',
      body: { extensionId: 1002, changes: [{ type: 'SMS', newCount: 1, updatedCount: 0 }] },
    },
  },
};
