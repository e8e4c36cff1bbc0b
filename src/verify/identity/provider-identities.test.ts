import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProvider } from '../providers/index.ts';
import { identify } from './identify.ts';

/**
 * What each provider's declaration makes of its events: a retry has the key of its event, and another event has not.
 * Written from the providers' documentation.
 */

type Sent = Readonly<{ headers?: Record<string, string>; body?: unknown; url?: string; form?: object }>;

const FORM = 'application/x-www-form-urlencoded';
const HOUR = 3_600;
const DAY = 86_400;

function identityOf(provider: string, { headers = {}, body = '', url, form }: Sent) {
  const text = form === undefined ? body : new URLSearchParams(Object.entries(form)).toString();
  const flat = Object.entries({ ...(form && { 'content-type': FORM }), ...headers }).flat();
  const bytes = Buffer.from(typeof text === 'string' ? text : JSON.stringify(text));
  const request = { method: 'POST', url: url ?? 'https://h.example/in', headers: flat, body: bytes };
  return identify(findProvider(provider)!, request, 0);
}

/** Two requests that are different events. */
function differ(provider: string, what: string, one: Sent, other: Sent) {
  it(`${provider}: ${what} are two events`, () => {
    const [a, b] = [identityOf(provider, one), identityOf(provider, other)];
    assert.ok(a.windowSeconds === 0 || a.idempotencyKey !== b.idempotencyKey, a.idempotencyKey);
  });
}

/** Two requests of which the second is a retry of the first; `window` is null for an id that holds for ever. */
function same(provider: string, what: string, window: number | null, one: Sent, other: Sent = one) {
  it(`${provider}: ${what} is one event`, () => {
    const [a, b] = [identityOf(provider, one), identityOf(provider, other)];
    assert.equal(a.idempotencyKey, b.idempotencyKey);
    assert.equal(a.windowSeconds, window);
    assert.equal(a.madeOf === 'id', window === null || ['telegram', 'mailgun'].includes(provider));
  });
}

/** Equal requests of which nothing proves that they are retries. */
function alwaysNew(provider: string, what: string, sent: Sent) {
  it(`${provider}: ${what} is a new event each time`, () => {
    assert.equal(identityOf(provider, sent).windowSeconds, 0);
  });
}

describe('an id of the provider is the key', () => {
  const headers = (name: string, id: string, more = {}) => ({ headers: { [name]: id, ...more }, body: {} });
  for (const [provider, name] of [
    ['github', 'X-GitHub-Delivery'],
    ['gitlab', 'Idempotency-Key'],
    ['bitbucket', 'X-Request-UUID'],
    ['gitea', 'X-Gitea-Delivery'],
    ['jira', 'X-Atlassian-Webhook-Identifier'],
    ['linear', 'Linear-Delivery'],
    ['razorpay', 'x-razorpay-event-id'],
    ['sanity', 'idempotency-key'],
    ['sentry', 'Request-ID'],
    ['wise', 'X-Delivery-Id'],
    ['twilio', 'I-Twilio-Idempotency-Token'],
    ['coinbase-cdp', 'X-Event-Id'],
    ['standard-webhooks', 'webhook-id'],
    ['svix', 'svix-id'],
    ['twitch', 'Twitch-Eventsub-Message-Id'],
    ['zendesk', 'X-Zendesk-Webhook-Invocation-Id'],
  ] as const) {
    differ(provider, 'equal bodies under two ids', headers(name, 'a'), headers(name, 'b'));
    same(
      provider,
      'an id with another signed time',
      null,
      headers(name, 'a'),
      headers(name, 'a', { ts: '2' }),
    );
  }
  same('stripe', 'an id', null, { body: { id: 'evt_1' } }, { body: { id: 'evt_1', pending_webhooks: 2 } });
  differ('stripe', 'two ids', { body: { id: 'evt_1' } }, { body: { id: 'evt_2' } });
});

describe('an id that does not tell all events apart is not the whole key', () => {
  const shopify = (event: string, topic: string, body: unknown, delivery = 'd') => ({
    headers: {
      'X-Shopify-Event-Id': event,
      'X-Shopify-Topic': topic,
      'X-Shopify-Webhook-Id': delivery,
    },
    body,
  });
  same(
    'shopify',
    'a retry',
    null,
    shopify('e', 'orders/paid', { id: 1 }),
    shopify('e', 'orders/paid', { id: 1 }, 'f'),
  );
  differ(
    'shopify',
    'one action in two topics',
    shopify('e', 'orders/paid', {}),
    shopify('e', 'orders/updated', {}),
  );
  differ(
    'shopify',
    'two products of one action',
    shopify('e', 'products/update', { id: 1 }),
    shopify('e', 'products/update', { id: 2 }),
  );
  const uuid = (body: unknown) => ({
    headers: { 'X-Gitlab-Event-UUID': 'u', 'X-Gitlab-Event': 'Push Hook' },
    body,
  });
  same('gitlab', 'a repeated job without an Idempotency-Key', HOUR, uuid({ a: 1 }));
  differ('gitlab', 'webhooks that set each other off', uuid({ a: 1 }), uuid({ a: 2 }));
  const pubsub = (subscription: string) => ({ body: { subscription, message: { messageId: '1' } } });
  same('google-pubsub', 'a message', null, pubsub('a'), {
    body: { ...pubsub('a').body, deliveryAttempt: 2 },
  });
  differ('google-pubsub', 'messages of two topics with one number', pubsub('a'), pubsub('b'));
  const mailgun = (timestamp: number) => ({ body: { 'event-data': { id: 'e', timestamp }, signature: {} } });
  same('mailgun', 'an event', null, mailgun(1.5));
  differ('mailgun', 'events of two days with one id', mailgun(1.5), mailgun(90_000.5));
  same('mailgun', 'an event without its time', 9 * HOUR, { body: { 'event-data': { id: 'e' } } });
  same('google-pubsub', 'a message of no subscription', null, { body: { message: { messageId: '1' } } });
  const monday = (subscriptionId: number) => ({ body: { event: { triggerUuid: 't', subscriptionId } } });
  same('monday', 'an event', null, monday(1));
  differ('monday', 'one trigger for two webhooks', monday(1), monday(2));
  const trello = (id: string) => ({ body: { action: { id: 'a' }, model: { id } } });
  differ('trello', 'one action on a card and on its board', trello('c'), trello('b'));
  same('telegram', 'an update', DAY + HOUR, { body: { update_id: 1, message: {} } });
  const zen = (type: string, detail: number) => ({ body: { id: '7', type, detail } });
  same('zendesk', 'an event', null, zen('zen:event-type:ticket.created', 1));
  differ('zendesk', 'triggers whose id is that of a ticket', zen('ticket', 1), zen('ticket', 2));
  alwaysNew('zendesk', 'a body that its author wrote, without an invocation id', zen('ticket', 1));
  const adyen = (eventDate: string) => {
    const NotificationRequestItem = {
      pspReference: 'p',
      eventCode: 'CHARGEBACK',
      success: 'true',
      eventDate,
    };
    return { body: { notificationItems: [{ NotificationRequestItem }] } };
  };
  same('adyen', 'a notification', null, adyen('t1'));
  differ('adyen', 'a payment with one code twice', adyen('t1'), adyen('t2'));
  const postmark = (RecordType: string, more: object) => ({ body: { RecordType, MessageID: 'm', ...more } });
  same('postmark', 'a bounce', null, postmark('Bounce', { ID: 1 }));
  same('postmark', 'a click', 12 * HOUR, postmark('Click', { ReceivedAt: 't', OriginalLink: 'a' }));
  differ(
    'postmark',
    'two clicks in one second',
    postmark('Click', { ReceivedAt: 't', OriginalLink: 'a' }),
    postmark('Click', { ReceivedAt: 't', OriginalLink: 'b' }),
  );
  alwaysNew('postmark', 'a record without a time', postmark('SMTPApiError', {}));
  differ(
    'coinbase-cdp',
    'two states of one resource',
    { headers: { 'X-Event-Id': '1' }, body: { id: 'tx' } },
    { headers: { 'X-Event-Id': '2' }, body: { id: 'tx' } },
  );
});

describe('a batch has the ids of all its items or none', () => {
  same('gocardless', 'a batch', null, { body: { events: [{ id: 'EV1' }, { id: 'EV2' }] } });
  differ(
    'gocardless',
    'batches',
    { body: { events: [{ id: 'EV1' }] } },
    { body: { events: [{ id: 'EV2' }] } },
  );
  alwaysNew('line', 'a batch with an event without an id', {
    body: { events: [{ webhookEventId: 'a' }, {}] },
  });
  const value = (...items: object[]) => ({ body: { value: items } });
  same('microsoft-graph', 'a rich notification', null, value({ id: 'a' }));
  alwaysNew(
    'microsoft-graph',
    'a change on a drive',
    value({ changeType: 'updated', resource: 'me/drive/root' }),
  );
  alwaysNew('microsoft-graph', 'a batch of both', value({ id: 'a' }, { changeType: 'updated' }));
  const whatsapp = (...changes: object[]) => ({
    body: { object: 'whatsapp_business_account', entry: [{ id: 'w', changes }] },
  });
  const message = (id: string, type = 'text') => ({ field: 'messages', value: { messages: [{ id, type }] } });
  const status = (recipient_id: string, timestamp = '1') => ({
    field: 'messages',
    value: { statuses: [{ id: 'm', status: 'read', recipient_id, timestamp }] },
  });
  same('meta', 'a message', null, whatsapp(message('a')), {
    body: { entry: [{ id: 'w', changes: [message('a')] }], object: 'other' },
  });
  differ('meta', 'two messages', whatsapp(message('a')), whatsapp(message('b')));
  differ('meta', 'a status of two recipients', whatsapp(status('1')), whatsapp(status('2')));
  same('meta', 'a batch', 7 * DAY, whatsapp(message('a'), message('b')));
  differ(
    'meta',
    'a message alone and with others',
    whatsapp(message('a')),
    whatsapp(message('a'), message('b')),
  );
  same('meta', 'a change of a page', 36 * HOUR, { body: { object: 'page', entry: [{ id: 'p', time: 1 }] } });
  alwaysNew('meta', 'an entry without a time', { body: { object: 'user', entry: [{ id: 'u' }] } });
});

describe('without an id, a time or counter in the body makes it a mark', () => {
  const at = (path: string, time: unknown, more: object = {}) => {
    const parts = path.split('/');
    const nested = parts.reduceRight<unknown>((inner, part) => ({ [part]: inner }), time);
    return { body: { ...more, ...(nested as object) } };
  };
  for (const [provider, path, window] of [
    ['adyen-platform', 'timestamp', 30 * DAY],
    ['airtable', 'timestamp', DAY],
    ['cal-com', 'createdAt', HOUR],
    ['calendly', 'created_at', DAY],
    ['clio', 'data/updated_at', DAY],
    ['cloudinary', 'request_id', HOUR],
    ['discord', 'event/timestamp', 900],
    ['docusign', 'generatedDateTime', 15 * DAY],
    ['figma', 'timestamp', 4 * HOUR],
    ['knock', 'created_at', DAY],
    ['lemonsqueezy', 'data/attributes/updated_at', HOUR],
    ['linkedin', 'occurredAt', 8 * HOUR],
    ['oura', 'event_time', DAY],
    ['strava', 'event_time', HOUR],
    ['webflow', 'payload/lastUpdated', HOUR],
    ['zoom', 'event_ts', 4 * HOUR],
  ] as const) {
    same(provider, 'a retry', window, at(path, 'T1'));
    differ(provider, 'two times', at(path, 'T1'), at(path, 'T2'));
    differ(provider, 'one time with other content', at(path, 'T1'), at(path, 'T1', { x: 1 }));
    alwaysNew(provider, 'a body without it', { body: { x: 1 } });
  }
  const asana = (created_at?: string) => ({ body: { events: [{ action: 'changed', created_at }] } });
  same('asana', 'a retry', DAY, asana('T1'));
  alwaysNew('asana', 'a change without a time', asana());
  const mailchimp = (more: object) => ({ form: { type: 'profile', 'data[id]': 'a', ...more } });
  same('mailchimp', 'a retry', 2 * HOUR, mailchimp({ fired_at: '2026-01-01 10:00:00' }));
  alwaysNew('mailchimp', 'a form without a time', mailchimp({}));
  const recharge = (topic: string, more: object) => ({ headers: { 'X-Recharge-Topic': topic }, body: more });
  same('recharge', 'a retry', 2 * DAY, recharge('charge/paid', { charge: { updated_at: 't' } }));
  differ(
    'recharge',
    'one record in two topics',
    recharge('charge/paid', { charge: { updated_at: 't' } }),
    recharge('charge/created', { charge: { updated_at: 't' } }),
  );
  const paystack = (event: string, data: object) => ({ body: { event, data: { id: 1, ...data } } });
  same('paystack', 'a charge', 3 * DAY + HOUR, paystack('charge.success', { paid_at: 't' }));
  differ(
    'paystack',
    'two changes of one invoice',
    paystack('invoice.update', { paid_at: 't', paid: false }),
    paystack('invoice.update', { paid_at: 't', paid: true }),
  );
  alwaysNew('paystack', 'a reminder', paystack('charge.dispute.remind', { updatedAt: 't' }));
  alwaysNew('paystack', 'a subscription without a time of change', paystack('subscription.disable', {}));
  const mandrill = (url: string) => ({
    form: { mandrill_events: JSON.stringify([{ event: 'click', ts: 1, _id: 'm', url }]) },
  });
  same('mandrill', 'a batch', 3 * DAY, mandrill('a'));
  differ('mandrill', 'two clicks in one second', mandrill('a'), mandrill('b'));
  const xml = (text: string) => ({
    form: { bt_signature: 'x|y', bt_payload: Buffer.from(text).toString('base64') },
  });
  same('braintree', 'a retry', DAY, xml('<n><timestamp>t</timestamp><kind>k</kind></n>'));
  alwaysNew('braintree', 'a notification without a time', xml('<n><kind>k</kind></n>'));
  const call = (event: string) => ({ body: { event, call: { call_id: 'c' } } });
  same('retell', 'a call that ended', 900, call('call_ended'));
  alwaysNew('retell', 'a transcript that grows', call('transcript_updated'));
  same('slack', 'a rate limit', 900, { body: { type: 'app_rate_limited', minute_rate_limited: 1 } });
  same('slack', 'an interaction', null, { form: { payload: '{"type":"block_actions","trigger_id":"t"}' } });
});

describe('counters of attempts do not make another event', () => {
  const figma = (retries: number, more: object = {}) => ({
    body: { event_type: 'FILE_COMMENT', timestamp: 't', file_key: 'A', ...more, retries },
  });
  same('figma', 'a retry', 4 * HOUR, figma(0), figma(2));
  differ('figma', 'comments on two files in one second', figma(0), figma(0, { file_key: 'B' }));
  differ(
    'figma',
    'two comments on a file in one second',
    figma(0, { comment_id: '1' }),
    figma(0, { comment_id: '2' }),
  );
  const docusign = (retryCount: number, recipientId: string) => ({
    body: {
      event: 'recipient-completed',
      retryCount,
      generatedDateTime: 't',
      data: { envelopeId: 'e', recipientId },
    },
  });
  same('docusign', 'a retry', 15 * DAY, docusign(0, '1'), docusign(3, '1'));
  differ('docusign', 'two recipients in one moment', docusign(0, '1'), docusign(0, '2'));
  const hubspot = (attemptNumber: number, more: object = {}) => ({
    body: [{ eventId: 1, subscriptionId: 2, objectId: 3, occurredAt: 4, attemptNumber, ...more }],
  });
  for (const version of ['hubspot-v1', 'hubspot-v2', 'hubspot-v3']) {
    same(version, 'a retry', DAY, hubspot(0), hubspot(5));
    differ(version, 'one event id in two portals', hubspot(0, { portalId: 1 }), hubspot(0, { portalId: 2 }));
    alwaysNew(version, 'a body of a workflow', { body: { id: 1 } });
  }
  same('xero', 'a retry', null, xero('a'), xero('b'));
  function xero(entropy: string) {
    const events = [{ resourceId: 'r', eventDateUtc: 't' }];
    return { body: { events, firstEventSequence: 1, lastEventSequence: 1, entropy } };
  }
});

describe('signers of one second are two events', () => {
  const sign = (related_signature_id: string) => ({
    form: {
      json: JSON.stringify({
        event: { event_time: '1', event_hash: 'h', event_metadata: { related_signature_id } },
      }),
    },
  });
  same('dropbox-sign', 'a retry', 3 * DAY, sign('1'));
  differ('dropbox-sign', 'two signers of one request', sign('1'), sign('2'));
});

describe('equal bodies alone prove no retry', () => {
  alwaysNew('dropbox', 'a notification', { body: { list_folder: { accounts: ['a'] } } });
  alwaysNew('netlify', 'a deploy that is locked', {
    headers: { 'X-Netlify-Event': 'deploy_locked' },
    body: { id: 'd', state: 'ready' },
  });
  alwaysNew('plaid', 'an update', {
    headers: { 'Plaid-Verification': 'a.b.c' },
    body: { webhook_code: 'SYNC' },
  });
  alwaysNew('paymob', 'a callback', { url: 'https://h.example/in?hmac=a', body: { obj: { id: 1 } } });
  alwaysNew('revolut', 'a payment that failed', {
    headers: { 'Revolut-Request-Timestamp': '1' },
    body: { event: 'ORDER_PAYMENT_DECLINED', order_id: 'o' },
  });
  alwaysNew('woocommerce', 'an order', { headers: { 'X-WC-Webhook-Delivery-ID': 'd' }, body: { id: 1 } });
  alwaysNew('vercel-log-drains', 'a batch of lines', { body: '{"id":"1"}\n{"id":"2"}\n' });
  alwaysNew('stripe', 'a body without an id', { body: { type: 'x' } });
  alwaysNew('clio', 'an etag', {
    body: { data: { id: 1, etag: '"a"', created_at: 't' }, meta: { event: 'updated' } },
  });
});

describe('a key of an earlier version', () => {
  it('is looked up where it was safe, for as long as the provider retries', () => {
    const of = (provider: string, sent: Sent) => [
      identityOf(provider, sent).formerKeys,
      findProvider(provider)?.formerKeys?.seconds,
    ];
    assert.deepEqual(of('airtable', { body: { webhook: { id: 'w' }, timestamp: 't' } }), [['w:t'], DAY]);
    assert.deepEqual(of('mailgun', { body: { 'event-data': { id: 'e', timestamp: 1 } } }), [['e'], 9 * HOUR]);
    const hubspot = [{ eventId: 1, subscriptionId: 2, objectId: 3, occurredAt: 4 }];
    assert.deepEqual(of('hubspot-v3', { body: hubspot }), [['1:2:3:4'], DAY]);
    assert.deepEqual(of('linkedin', { body: {} }), [[], 8 * HOUR]);
    // Two comments in one second had one key.
    assert.deepEqual(of('figma', { body: { webhook_id: '1', timestamp: 't', event_type: 'x' } }), [
      [],
      undefined,
    ]);
  });
});
