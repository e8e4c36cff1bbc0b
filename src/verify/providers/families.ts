import type { Provider } from '../provider.ts';
import type { HmacScheme, KeyRule, PublicKeyScheme } from '../scheme.ts';

/** Seconds, for the windows of marks. */
export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;

type HeaderPrefix = 'webhook' | 'svix';

/** The secret of Standard Webhooks: base64 after a prefix that is not part of it. */
export const WHSEC_KEY: KeyRule = { strip: 'whsec_', enc: 'base64', bytes: [24, 64] };

/** Standard Webhooks, `v1`: HMAC-SHA256 of `{id}.{timestamp}.{body}`, one of several in the header. */
export function standardWebhooksV1(prefix: HeaderPrefix, key: KeyRule): HmacScheme {
  return {
    alg: 'hmac',
    hash: 'sha256',
    sig: { from: `header:${prefix}-signature`, split: ' ', kv: ',', key: 'v1', enc: 'base64' },
    ts: { from: `header:${prefix}-timestamp`, unit: 's', tol: 300 },
    signed: `{header:${prefix}-id}.{ts}.{body}`,
    // An id with a dot could pass for the id and timestamp of another body.
    matches: { [`header:${prefix}-id`]: '[^.]+' },
    key,
    when: { header: `${prefix}-id` },
  };
}

/** Standard Webhooks, `v1a`: Ed25519 of the same text. */
export function standardWebhooksV1a(prefix: HeaderPrefix): PublicKeyScheme {
  return {
    alg: 'ed25519',
    sig: { from: `header:${prefix}-signature`, split: ' ', kv: ',', key: 'v1a', enc: 'base64' },
    ts: { from: `header:${prefix}-timestamp`, unit: 's', tol: 300 },
    signed: `{header:${prefix}-id}.{ts}.{body}`,
    // An id with a dot could pass for the id and timestamp of another body.
    matches: { [`header:${prefix}-id`]: '[^.]+' },
    pub: 'raw-b64',
    pubStrip: 'whpk_',
    when: { header: `${prefix}-id` },
  };
}

/**
 * An echoed challenge: printable, and nothing that a browser could take for markup. The answer is plain text as well; this
 * is a second line of defence.
 */
export const CHALLENGE = '[ -;=?-~]{1,1024}';

/** The events of HubSpot are the same, whichever version of the signature they come with. */
export const HUBSPOT_IDENTITY: Pick<
  Provider,
  'idempotencyKey' | 'marks' | 'sharedBy' | 'formerKeys' | 'eventType'
> = {
  // HubSpot does not promise that eventId is unique. attemptNumber counts the attempts.
  idempotencyKey: [],
  marks: [
    {
      of: '{without:/*/attemptNumber}',
      when: ['body:/*/occurredAt'],
      windowSeconds: DAY,
      source: 'HubSpot retries ten times within 24 hours',
    },
  ],
  sharedBy: 'two batches that say the same in the same millisecond',
  formerKeys: {
    of: ['{body:/*/eventId}:{body:/*/subscriptionId}:{body:/*/objectId}:{body:/*/occurredAt}'],
    seconds: DAY,
  },
  eventType: ['{body:/*/subscriptionType}'],
};
