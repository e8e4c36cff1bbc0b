import type { Provider } from '../provider.ts';

const ITEM = 'item:/NotificationRequestItem';
const MEMBER = '/NotificationRequestItem';

const SIGNED_FIELDS = [
  'pspReference',
  'originalReference',
  'merchantAccountCode',
  'merchantReference',
  'amount/value',
  'amount/currency',
  'eventCode',
  'success',
] as const;
const PLAIN_FIELDS = SIGNED_FIELDS.filter((field) => field !== 'merchantReference');

export const adyen: Provider = {
  id: 'adyen',
  name: 'Adyen (payments)',
  aliases: ['adyen-payments'],
  family: 'in-body',
  needs: [
    {
      option: 'secret',
      what: 'HMAC key (hex): Adyen Customer Area, Developers, Webhooks, the standard webhook, Security.',
    },
  ],
  // Every item has its own signature over some of its fields; a missing field is signed as nothing.
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      each: 'body:/notificationItems',
      sig: { from: `${ITEM}/additionalData/hmacSignature`, enc: 'base64' },
      signed: SIGNED_FIELDS.map((field) => `{${ITEM}/${field}}`).join(':'),
      // A colon inside a value could pass for a separator; only the merchant's own reference may contain colons.
      matches: Object.fromEntries(PLAIN_FIELDS.map((field) => [`${ITEM}/${field}`, '[^:]*'])),
      key: { enc: 'hex' },
    },
  ],
  // A payment may get the same code again with other details; its eventDate tells them apart. Items are signed one by one and
  // could be sent again in another order, or twice in one delivery.
  idempotencyKey: [
    `{items:/notificationItems,${MEMBER}/pspReference,${MEMBER}/eventCode,${MEMBER}/success,${MEMBER}/eventDate}`,
  ],
  sharedBy: 'two notifications of one code for one payment in the same second',
  eventType: [`{body:/notificationItems/*${MEMBER}/eventCode}`],
  reply: { status: 200, body: '[accepted]', contentType: 'text/plain' },
  notes: [
    'Only eight fields of an item are signed; the rest is not covered. Use Basic authentication at a proxy as well.',
    'Items that came together are another event when they come separately: check `pspReference` as well.',
    'Adyen retries three times at once, then at growing intervals for up to 30 days.',
  ],
  sample: {
    eventType: 'AUTHORISATION',
    body: {
      live: 'false',
      notificationItems: [
        {
          NotificationRequestItem: {
            additionalData: { hmacSignature: '' },
            amount: { currency: 'EUR', value: 4200 },
            eventCode: '{event_type}',
            eventDate: '{now_iso}',
            merchantAccountCode: 'ExampleMerchant',
            merchantReference: 'order-1001',
            pspReference: '{uuid}',
            success: 'true',
          },
        },
      ],
    },
  },
};
