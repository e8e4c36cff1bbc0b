import type { Provider } from '../provider.ts';

export const googlePubsub: Provider = {
  id: 'google-pubsub',
  name: 'Google Cloud Pub/Sub push',
  aliases: ['pubsub', 'gcp', 'gcp-pubsub', 'google-cloud-pubsub', 'cloud-pubsub'],
  family: 'jwt',
  needs: [
    { option: 'params.audience', what: 'Audience of the push subscription (by default the endpoint URL).' },
    {
      option: 'params.serviceAccount',
      what: 'E-mail address of the service account that the subscription authenticates as. Without it, anyone with a Google account could get a token for your audience.',
    },
  ],
  schemes: [
    {
      alg: 'jwt',
      sig: { from: 'header:Authorization' },
      jwt: {
        algs: ['RS256'],
        bearer: true,
        iss: ['https://accounts.google.com', 'accounts.google.com'],
        aud: '{param:audience}',
        claims: { email: '{param:serviceAccount}', email_verified: true },
        requireExp: true,
        keys: { url: 'https://www.googleapis.com/oauth2/v3/certs' },
      },
    },
  ],
  // Message ids are unique within a topic.
  idempotencyKey: [
    '{body:/subscription}:{body:/message/messageId}',
    '{body:/subscription}:{body:/message/message_id}',
    '{header:x-goog-pubsub-subscription-name}:{header:x-goog-pubsub-message-id}',
    '{body:/message/messageId}',
    '{body:/message/message_id}',
  ],
  eventType: [
    '{body:/message/attributes/eventType}',
    '{body:/message/attributes/ce-type}',
    '{body:/message/attributes/type}',
  ],
  notes: [
    'The token proves the sender; it does not cover the message.',
    'The type is the attribute eventType, ce-type or type of the message: set `eventType` if yours has another name.',
    'Pub/Sub sends unacknowledged messages again for up to seven days.',
  ],
  sample: {
    eventType: 'OBJECT_FINALIZE',
    body: {
      message: {
        attributes: { eventType: '{event_type}' },
        data: 'eyJvcmRlciI6MTAwMX0=',
        messageId: '{uuid}',
        publishTime: '{now_iso}',
      },
      subscription: 'projects/example/subscriptions/push',
    },
  },
};
