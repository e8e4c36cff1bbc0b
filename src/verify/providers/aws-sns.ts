import type { Provider } from '../provider.ts';

export const awsSns: Provider = {
  id: 'aws-sns',
  name: 'Amazon SNS',
  aliases: ['sns', 'amazon-sns'],
  family: 'certificate',
  needs: [
    {
      option: 'params.topicArn',
      what: 'ARN of the topic (arn:aws:sns:…). Messages of any other topic are refused.',
    },
  ],
  // RSA over some of the fields, with the certificate that the message names.
  schemes: [{ alg: 'plugin', plugin: 'sns' }],
  idempotencyKey: ['{body:/MessageId}'],
  eventType: ['{body:/Type}'],
  handshakes: [
    {
      name: 'subscription confirmation',
      method: 'POST',
      when: { equals: { 'body:/Type': 'SubscriptionConfirmation' } },
      signed: true,
      action: { kind: 'confirm-subscription', url: 'body:/SubscribeURL' },
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'Raw message delivery has no signature: keep it off.',
    'The receiver fetches certificates from sns.<region>.amazonaws.com and confirms the subscription there, so it has to reach that host.',
    'An UnsubscribeConfirmation is stored as an event; its URL would subscribe again and is not called.',
    'A 4xx other than 429 is final for SNS.',
  ],
  sample: {
    eventType: 'Notification',
    contentType: 'text/plain; charset=UTF-8',
    headers: { 'x-amz-sns-message-type': '{event_type}' },
    body: {
      Type: '{event_type}',
      MessageId: '{uuid}',
      TopicArn: 'arn:aws:sns:us-east-1:123456789012:MyTopic',
      Subject: 'Hello',
      Message: '{"order":1001}',
      Timestamp: '{now_iso}',
      SignatureVersion: '2',
      Signature: '',
      SigningCertURL:
        'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0000000000000000000000000000000.pem',
    },
  },
};
