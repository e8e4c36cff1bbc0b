import { z } from 'zod';
import type { Delivery } from '../../domain/delivery.ts';
import { KEY_TEXT_CHARS_MAX } from '../../domain/search-key.ts';
import type { Shown } from '../../ingest/mask.ts';
import { readBlockedCursor } from '../../store/blocked-cursor.ts';
import type { BlockedKey, BlockedPage, OrderStore } from '../../store/store.ts';
import { type DocumentPart, json, linkTo, queryParameters, referTo } from '../docs/operation.ts';
import { limitField, time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';
import { shownError, shownUnasked } from './shown-request.ts';

export type BlockedParts = Readonly<{
  store: Pick<OrderStore, 'listBlocked' | 'releaseKey'>;
  /** Called with each delivery that has become due. */
  onPending: (delivery: Pick<Delivery, 'id' | 'destination'>) => void;
}>;

const listQuerySchema = z.strictObject({
  limit: limitField('Most keys of a page.'),
  cursor: z
    .string()
    .max(2048)
    .regex(/^[\w-]+$/, 'the `next` of a page')
    .refine((text) => readBlockedCursor(text) !== null, 'the `next` of a page')
    .optional()
    .describe('The `next` of the previous page.'),
  destination: z.string().min(1).max(64).optional().describe('Only blocked keys of this destination.'),
});

const releaseQuerySchema = z.strictObject({
  destination: z.string().min(1).max(64).describe('The destination that the key orders.'),
  order_key: z
    .string()
    .max(KEY_TEXT_CHARS_MAX)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'a text without NUL')
    .meta({ pattern: '^[^\\u0000]*$', description: 'The key, as the list has it.' }),
});

const blockedSchema = z.object({
  destination: z.string(),
  order_key: z.string(),
  delivery_id: z.string().describe('The failed delivery that blocks the key.'),
  error: z.string(),
  since: time,
  waiting: z.int().min(0).describe('Deliveries behind it; counted up to 1000.'),
});

const releasedSchema = z.object({
  destination: z.string(),
  order_key: z.string(),
  delivery_id: z.string().describe('It stays a dead letter.'),
  next_delivery_id: z
    .string()
    .nullable()
    .describe('The delivery that holds the turn now; null if none waited.'),
});

const schemas = {
  BlockedKeys: z.object({ blocked: z.array(blockedSchema), next: z.string().nullable() }),
  Released: releasedSchema,
};
export type BlockedKeys = z.output<typeof schemas.BlockedKeys>;
export type ReleasedKey = z.output<typeof schemas.Released>;
const ref = referTo(schemas);

/** Order keys that a failed delivery blocks: list and release them. The other way out is a replay of that delivery. */
export function addBlockedEndpoints(add: AddEndpoint, { store, onPending }: BlockedParts): void {
  const list = {
    schema: listQuerySchema,
    asks: 'Ask with ?limit= from 1 to 500, &destination= for one destination, &cursor= for a next page.',
  };
  add('GET /admin/blocked-keys', { query: list }, async ({ actor, query }) => {
    const { limit, cursor = null, destination = null } = query;
    const page = await store.listBlocked(limit, cursor, destination);
    return done(pageBody(page, shownUnasked(actor.role)));
  });

  const release = { schema: releaseQuerySchema, asks: 'Name the key with ?destination= and &order_key=.' };
  add('POST /admin/blocked-keys/release', { query: release }, async ({ query, audit }) => {
    const { destination, order_key } = query;
    const outcome = await store.releaseKey(destination, order_key, audit(destination));
    if (outcome.kind === 'not_blocked') {
      const detail = 'No failed delivery blocks that key of that destination.';
      return refuse('not_found', detail, { target: destination });
    }
    const { deliveryId, next } = outcome;
    if (next !== null) onPending({ id: next.deliveryId, destination });
    const body: z.output<typeof releasedSchema> = {
      destination,
      order_key,
      delivery_id: deliveryId,
      next_delivery_id: next?.deliveryId ?? null,
    };
    return done(body);
  });
}

function pageBody({ keys, next }: BlockedPage, shown: Shown): z.output<typeof schemas.BlockedKeys> {
  return { blocked: keys.map((key) => blockedBody(key, shown)), next };
}

function blockedBody(key: BlockedKey, shown: Shown): z.output<typeof blockedSchema> {
  return {
    destination: key.destination,
    order_key: key.orderKey,
    delivery_id: key.deliveryId,
    error: shownError(key.error, shown),
    since: timeText(key.sinceMs),
    waiting: key.waiting,
  };
}

export const blockedDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/blocked-keys': {
      get: adminOperation({
        operationId: 'listBlockedKeys',
        summary: 'Order keys that a failed delivery blocks, by destination and key',
        parameters: queryParameters(listQuerySchema),
        replies: {
          '200': json('A page.', ref('BlockedKeys'), {
            nextPage: linkTo('listBlockedKeys', { cursor: '$response.body#/next' }),
            release: linkTo('releaseBlockedKey', {
              destination: '$response.body#/blocked/0/destination',
              order_key: '$response.body#/blocked/0/order_key',
            }),
            replay: linkTo('replayDelivery', { id: '$response.body#/blocked/0/delivery_id' }),
          }),
        },
      }),
    },
    '/admin/blocked-keys/release': {
      post: adminOperation({
        operationId: 'releaseBlockedKey',
        summary: 'Leave the failed delivery as it is, and go on with the next of its key',
        parameters: queryParameters(releaseQuerySchema),
        replies: {
          '200': json('It is released.', ref('Released'), {
            replay: linkTo('replayDelivery', { id: '$response.body#/delivery_id' }),
          }),
        },
      }),
    },
  },
};
