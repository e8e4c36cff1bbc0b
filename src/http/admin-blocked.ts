import type { FastifyInstance } from 'fastify';
import type { Delivery } from '../domain/delivery.ts';
import type { BlockedKey, OrderStore } from '../store/store.ts';
import { blockedQuerySchema, orderKeyQuerySchema } from './admin-schemas.ts';
import { replyInvalidQuery, replyProblem } from './reply.ts';
import { timeText } from './status-route.ts';

export type BlockedParts = Readonly<{
  store: Pick<OrderStore, 'listBlocked' | 'releaseKey'>;
  /** A delivery became due. */
  onPending: (delivery: Pick<Delivery, 'id' | 'destination'>) => void;
}>;

/** Order keys that a failed delivery blocks: to be looked at, and released. The other way out is its replay. */
export function registerBlocked(admin: FastifyInstance, { store, onPending }: BlockedParts): void {
  admin.get('/admin/blocked-keys', async (request, reply) => {
    const query = blockedQuerySchema.safeParse(request.query);
    if (!query.success) {
      const detail =
        'Ask with ?limit= from 1 to 500, &destination= for one destination, &cursor= for a next page.';
      return replyInvalidQuery(reply, detail, query.error);
    }
    const { limit, cursor = null, destination = null } = query.data;
    const page = await store.listBlocked(limit, cursor, destination);
    return { blocked: page.keys.map(blockedBody), next: page.next };
  });

  admin.post('/admin/blocked-keys/release', async (request, reply) => {
    const query = orderKeyQuerySchema.safeParse(request.query);
    if (!query.success) {
      return replyInvalidQuery(reply, 'Name the key with ?destination= and &order_key=.', query.error);
    }
    const { destination, order_key: orderKey } = query.data;
    const outcome = await store.releaseKey(destination, orderKey);
    if (outcome.kind === 'not_blocked') {
      return replyProblem(reply, 'not_found', 'No failed delivery blocks that key of that destination.');
    }
    const { deliveryId, next } = outcome;
    if (next !== null) onPending({ id: next.deliveryId, destination });
    return {
      destination,
      order_key: orderKey,
      delivery_id: deliveryId,
      next_delivery_id: next?.deliveryId ?? null,
    };
  });
}

function blockedBody(key: BlockedKey): Record<string, unknown> {
  return {
    destination: key.destination,
    order_key: key.orderKey,
    delivery_id: key.deliveryId,
    error: key.error,
    since: timeText(key.sinceMs),
    waiting: key.waiting,
  };
}
