import type { Provider } from '../provider.ts';

const AZURE = '([a-z0-9-]{1,63}\\.){0,4}eventgrid\\.azure\\.(net|us|cn)';

export const azureEventGrid: Provider = {
  id: 'azure-event-grid',
  name: 'Azure Event Grid',
  aliases: ['event-grid', 'azure-eventgrid-webhook'],
  family: 'token',
  needs: [
    {
      option: 'secret',
      what: 'A secret of your choice, in the endpoint URL as `?code=…` or in the delivery property (header) `aeg-webhook-secret`.',
    },
  ],
  // Event Grid signs nothing.
  schemes: [
    { alg: 'token', sig: { from: 'query:code' } },
    { alg: 'token', sig: { from: 'header:aeg-webhook-secret' } },
  ],
  idempotencyKey: [
    '{body:/*/topic}:{body:/*/id}',
    '{body:/source}:{body:/id}',
    '{body:/*/source}:{body:/*/id}',
  ],
  sharedBy: 'events to which a publisher gives one id',
  eventType: ['{body:/*/eventType}', '{body:/type}', '{body:/*/type}', '{header:aeg-event-type}'],
  handshakes: [
    {
      name: 'subscription validation',
      method: 'POST',
      when: {
        equals: {
          'header:aeg-event-type': 'SubscriptionValidation',
          'body:/0/eventType': 'Microsoft.EventGrid.SubscriptionValidationEvent',
        },
        matches: { 'body:/0/data/validationCode': '[A-Za-z0-9-]{1,128}' },
      },
      signed: false,
      reply: { status: 200, body: { validationResponse: '{body:/0/data/validationCode}' } },
    },
    {
      name: 'abuse protection',
      method: 'OPTIONS',
      when: {
        matches: { 'header:WebHook-Request-Origin': AZURE, 'header:WebHook-Request-Rate': '\\d{1,9}|\\*' },
      },
      signed: false,
      reply: {
        status: 200,
        headers: {
          'WebHook-Allowed-Origin': '{header:WebHook-Request-Origin}',
          'WebHook-Allowed-Rate': '{header:WebHook-Request-Rate}',
          Allow: 'POST, OPTIONS',
        },
        body: '',
      },
    },
    {
      name: 'abuse protection without a rate',
      method: 'OPTIONS',
      when: { matches: { 'header:WebHook-Request-Origin': AZURE }, noHeader: 'WebHook-Request-Rate' },
      signed: false,
      reply: {
        status: 200,
        headers: { 'WebHook-Allowed-Origin': '{header:WebHook-Request-Origin}', Allow: 'POST, OPTIONS' },
        body: '',
      },
    },
  ],
  notes: [
    'The secret proves the sender and covers nothing.',
    'A subscription that is secured by Microsoft Entra ID (Azure AD) also sends a bearer token, which is ignored; to verify it use `verify` with `alg: jwt` and the keys of your tenant.',
    'Event Grid never retries after 400, 401, 403 or 413: with a wrong secret in the configuration it drops events, or dead-letters them if the subscription says so. Check the rejected requests.',
    'Event Grid retries after any other failure for 24 hours, up to thirty times.',
  ],
  sample: {
    eventType: 'Microsoft.Storage.BlobCreated',
    headers: { 'aeg-event-type': 'Notification' },
    body: [
      {
        id: '{uuid}',
        topic: '/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/z',
        subject: '/blobServices/default/containers/c/blobs/file.txt',
        eventType: '{event_type}',
        eventTime: '{now_iso}',
        data: { api: 'PutBlob', contentLength: 42 },
        dataVersion: '1',
        metadataVersion: '1',
      },
    ],
  },
};
