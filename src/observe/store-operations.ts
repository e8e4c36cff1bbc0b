/** What a store may fail at, as metrics and logs name it. A fixed list, so that the label is bounded. */
export const STORE_OPERATIONS = [
  'insert',
  'claim',
  'extend',
  'settle',
  /** Of a handler's own, within its transaction. */
  'complete',
  'expired',
  'browse',
  'stats',
  'sweep',
  /** Who has the turn of an order key next. */
  'turns',
  'replay',
  'purge',
  'vacuum',
  /** Requests that were refused: kept, dropped, purged. */
  'rejected',
  'source_state',
  'ping',
  'commit',
  'open',
  'close',
  'other',
] as const;
export type StoreOperation = (typeof STORE_OPERATIONS)[number];

const KNOWN: ReadonlySet<string> = new Set(STORE_OPERATIONS);

/** The word for an operation that the core reported; `other` for one that the list does not have. */
export function storeOperation(reported: string): StoreOperation {
  return KNOWN.has(reported) ? (reported as StoreOperation) : 'other';
}
