/** Stands for the idempotency key in the template, and is as long as every key, so Content-Length never changes. */
export const KEY_MARK = '@@@@@@@@@@@@@@@@@@@@@@@@@@@@';
const PREFIX_CHARS = 12;
const COUNTER_CHARS = KEY_MARK.length - PREFIX_CHARS;

/** What the receiver may order by: as long as every other one. */
export function orderIdOf(number: number): string {
  return `ord_${String(number).padStart(8, '0')}`;
}

/** An order event as a shop would send it, about 350 bytes. Every client of the benchmark sends this. */
export const ORDER_TEMPLATE = JSON.stringify({
  idempotency_key: KEY_MARK,
  event_type: 'order.created',
  payload: {
    order_id: orderIdOf(0),
    customer: { id: 'cus_20931', email: 'ada@example.com', country: 'DE' },
    currency: 'EUR',
    total: 12_990,
    items: [
      { sku: 'TSHIRT-M-BLUE', quantity: 2, price: 1_995 },
      { sku: 'MUG-11OZ', quantity: 1, price: 9_000 },
    ],
    created_at: '2026-01-15T09:30:00.000Z',
  },
});

/** Twelve characters that make one run's keys different from all others'. */
export function createKeyPrefix(): string {
  return `${crypto
    .randomUUID()
    .replaceAll('-', '')
    .slice(0, PREFIX_CHARS - 1)}-`;
}

export function orderKey(prefix: string, count: number): string {
  return prefix + String(count).padStart(COUNTER_CHARS, '0');
}

const [BEFORE_KEY, AFTER_KEY] = ORDER_TEMPLATE.split(KEY_MARK) as [string, string];

export function orderBody(key: string): string {
  return BEFORE_KEY + key + AFTER_KEY;
}

/** With the next of so many order ids, cyclically. */
export function bodyOfOrder(key: string, orderId: string): string {
  return BEFORE_KEY + key + AFTER_KEY.replace(orderIdOf(0), orderId);
}
