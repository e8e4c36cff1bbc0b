import { markOf, SPAN_MS } from './spread.ts';

/** A filter that somebody asks with. */
export type Question = Readonly<{
  q: string;
  /** An index leads to the page, so that the goal holds; the others read events. */
  isIndexed: boolean;
}>;

const DAY_MS = 24 * 3_600_000;

/** What is asked of an inbox of so many events that ends at `endMs`. @param id of one of them */
export function questionsOf(events: number, endMs: number, id: string): readonly Question[] {
  const ago = (days: number) => new Date(endMs - Math.min(days * DAY_MS, SPAN_MS)).toISOString();
  const days = `since:${ago(20)} until:${ago(15)}`;
  const indexed = [
    '',
    `id:${id}`,
    `key:evt_${markOf(Math.ceil(events / 3))}`,
    'key:of-nobody',
    'source:shop',
    'source:legacy',
    'source:of-nobody',
    'type:order.paid',
    'type:order.disputed',
    'type:of.nobody',
    'type:order.*',
    'source:stripe type:order.paid',
    'source:legacy type:order.paid',
    days,
    `source:shop ${days}`,
    `source:legacy ${days}`,
    `type:order.paid ${days}`,
    `type:order.disputed ${days}`,
    'status:failed',
    'status:pending',
    'status:processing',
    'status:completed',
    `status:failed ${days}`,
    'status:failed source:stripe',
    'status:failed source:legacy',
    'status:failed type:order.disputed',
    'status:failed destination:billing',
    'status:failed destination:archive',
    'status:failed http:503',
    'destination:billing',
    'destination:warehouse',
    'destination:warehouse source:shop',
    'group:e7cb476845a65d88',
  ];
  const read = [
    'destination:archive',
    'http:5xx',
    'error~"ECONNREFUSED"',
    'body:/data/object/order_id=order-7',
  ];
  return [...indexed.map((q) => ({ q, isIndexed: true })), ...read.map((q) => ({ q, isIndexed: false }))];
}

/** What an operator looks at. @param id of an event */
export function pagesOf(id: string): readonly string[] {
  const filters = ['status:failed', 'status:failed since:24h', 'http:5xx since:1h', 'source:legacy'];
  return [
    '/console',
    '/console/alerts',
    '/console/events',
    ...filters.map((q) => `/console/events?q=${encodeURIComponent(q)}`),
    `/console/events/${id}`,
    '/console/failures',
    '/console/failures?destination=billing',
    '/console/failures?destination=archive',
    '/console/rejected',
    '/console/blocked',
    '/console/destinations',
    '/console/destinations/billing',
    '/console/destinations/archive',
    '/console/sources',
    '/console/sources/shop',
    '/console/operations',
    '/console/audit',
    '/console/settings',
  ];
}

/** What programs ask. */
export const OTHERS = [
  '/health',
  '/metrics',
  '/ready',
  '/admin/failures',
  '/admin/dead-letters',
  '/admin/destinations',
  '/admin/minutes',
] as const;
