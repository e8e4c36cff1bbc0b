import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const docusign: Provider = {
  id: 'docusign',
  name: 'DocuSign Connect',
  aliases: ['docusign-connect'],
  family: 'body',
  needs: [
    { option: 'secret', what: 'Connect key: DocuSign Admin, Connect, Connect Keys (several: `secrets`).' },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      // One header for each key of the account, up to a hundred; any of them may match.
      sig: { from: 'header:X-DocuSign-Signature-*', enc: 'base64' },
      signed: '{body}',
    },
  ],
  // retryCount counts the attempts.
  idempotencyKey: [],
  marks: [
    {
      of: '{without:/retryCount}',
      when: ['body:/generatedDateTime'],
      windowSeconds: 15 * DAY,
      source: 'DocuSign retries for 15 days',
    },
    { when: ['xml:TimeGenerated'], windowSeconds: 15 * DAY, source: 'DocuSign retries for 15 days' },
  ],
  eventType: ['{body:/event}'],
  notes: ['DocuSign retries after five minutes, then at doubling intervals, for fifteen days.'],
  sample: {
    eventType: 'envelope-completed',
    body: {
      event: '{event_type}',
      apiVersion: 'v2.1',
      generatedDateTime: '{now_iso}',
      data: { accountId: '{uuid}', envelopeId: '{uuid}' },
    },
  },
};
