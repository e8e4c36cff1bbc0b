import type { Provider } from '../provider.ts';

export const ebay: Provider = {
  id: 'ebay',
  name: 'eBay notifications',
  family: 'public-key',
  needs: [
    {
      option: 'secret',
      what: 'Verification token of 32 to 80 characters that you entered beside the endpoint.',
    },
    {
      option: 'params.clientId',
      what: 'App ID (Client ID) of the production keyset, with which eBay’s public keys are fetched.',
    },
    { option: 'params.clientSecret', what: 'Cert ID (Client Secret) of the same keyset.' },
  ],
  // ECDSA over the body, with a key that the header X-EBAY-SIGNATURE names and eBay's API returns.
  schemes: [{ alg: 'plugin', plugin: 'ebay' }],
  idempotencyKey: ['{body:/notification/notificationId}'],
  eventType: ['{body:/metadata/topic}'],
  handshakes: [
    {
      name: 'challenge',
      method: 'GET',
      when: { matches: { 'query:challenge_code': '[A-Za-z0-9-]{1,256}' } },
      signed: false,
      mac: { alg: 'digest', hash: 'sha256', of: '{query:challenge_code}{secret}{url:noquery}', enc: 'hex' },
      reply: { status: 200, body: { challengeResponse: '{mac}' } },
    },
  ],
  notes: ['The challenge covers the endpoint’s URL: set `publicUrl` behind a proxy.'],
  sample: {
    eventType: 'MARKETPLACE_ACCOUNT_DELETION',
    body: {
      metadata: { topic: '{event_type}', schemaVersion: '1.0', deprecated: false },
      notification: {
        notificationId: '{uuid}',
        eventDate: '{now_iso}',
        publishDate: '{now_iso}',
        publishAttemptCount: 1,
        data: { username: 'test_user', userId: 'ma8vp1jySJC', eiasToken: 'nY+sHZ2PrBmdj6wVnY' },
      },
    },
  },
};
