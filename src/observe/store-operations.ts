/** Store operations that may fail, as metrics and logs name them. A fixed list, so that the label is bounded. */
export const STORE_OPERATIONS = [
  'insert',
  'claim',
  'extend',
  'settle',
  /** A handler's `ctx.complete`, with its transaction. */
  'complete',
  'expired',
  'reschedule',
  'browse',
  'stats',
  'sweep',
  /** Which deliveries have the turn of their order key next. */
  'turns',
  'replay',
  'purge',
  'vacuum',
  /** Keeping, dropping and purging rejected requests. */
  'rejected',
  'audit',
  'source_state',
  /** Reading and changing what destinations are held, limited or tripped. */
  'destination',
  'ping',
  'commit',
  'open',
  'close',
  /** Counts by minute. */
  'minutes',
  /** The look for alerts. */
  'alerts',
  'other',
] as const;
export type StoreOperation = (typeof STORE_OPERATIONS)[number];

const KNOWN: ReadonlySet<string> = new Set(STORE_OPERATIONS);

/** The label of a reported operation; `other` for one outside the list. */
export function storeOperation(reported: string): StoreOperation {
  return KNOWN.has(reported) ? (reported as StoreOperation) : 'other';
}
