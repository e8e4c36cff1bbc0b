import type { Provider } from '../provider.ts';
import { CHALLENGE } from './families.ts';

export const microsoftGraph: Provider = {
  id: 'microsoft-graph',
  name: 'Microsoft Graph change notifications',
  aliases: ['graph', 'msgraph', 'office365', 'microsoft-365'],
  family: 'token',
  needs: [{ option: 'secret', what: '`clientState` that you chose when you created the subscription.' }],
  schemes: [{ alg: 'token', each: 'body:/value', sig: { from: 'item:/clientState' } }],
  // Resource and kind of change are the same for every later change.
  idempotencyKey: ['{body:/value/*/id}'],
  eventType: ['{body:/value/*/changeType}', '{body:/value/*/lifecycleEvent}'],
  handshakes: [
    {
      name: 'validation',
      method: 'POST',
      when: { matches: { 'query:validationToken': CHALLENGE } },
      signed: false,
      reply: { status: 200, body: '{query:validationToken}' },
    },
  ],
  notes: [
    'clientState proves the sender and covers nothing: fetch the resource before you trust what a notification says.',
    'Every notification of a delivery must have it.',
    'Rich notifications also have validationTokens (JWTs of Microsoft), which are ignored: verify them in the handler before you use the encrypted data, which is forwarded unchanged.',
    'Only rich notifications have an id. Every other notification is a new event, retries included, since a later change sends the same bytes.',
    'Answer within 3 s; Microsoft retries for four hours.',
  ],
  sample: {
    eventType: 'created',
    body: {
      value: [
        {
          id: '{uuid}',
          subscriptionId: '7f105c7d-2dc5-4530-97cd-4e7ae6534c07',
          clientState: '',
          changeType: '{event_type}',
          resource: 'users/ada@example.com/messages/AAMkAGI1',
          resourceData: { '@odata.type': '#Microsoft.Graph.Message', id: 'AAMkAGI1' },
        },
      ],
    },
  },
};
