/** The parts of an inbox, in the order in which they move from one database to another. */
export const PARTS = [
  'events',
  'deliveries',
  'attempts',
  'replay_marks',
  'duplicates',
  'event_search',
  'erased',
  'erasure',
  'rejected',
  'source_state',
  'audit',
  'destination_state',
  'operations',
  'operation_targets',
] as const;
export type Part = (typeof PARTS)[number];

/**
 * The columns of a row of each part, in this order. Ids are texts; headers stay the text that is stored. A delivery is
 * identified by its event and number, and `replay_of`, `replayed_by` and `sent_as` are numbers too; `position` is the
 * place of a delivery with an order key in the order of acceptance. `seq` orders rejected requests, and rows of the
 * audit.
 */
export const COLUMNS = {
  events: [
    ...['id', 'source', 'idempotency_key', 'event_type', 'method', 'url', 'headers', 'content_type'],
    ...['received_at', 'replay_digest', 'origin', 'body'],
  ],
  deliveries: [
    ...['event_id', 'number', 'destination', 'status', 'attempts', 'due_at', 'lease_token', 'lease_until'],
    ...['last_error', 'created_at', 'updated_at', 'replay_of', 'replayed_by', 'sent_as', 'order_key', 'turn'],
    ...['position', 'held', 'failure_group'],
  ],
  attempts: [
    ...['event_id', 'delivery', 'number', 'started_at', 'ended_at', 'outcome', 'error', 'http_status'],
    'response_excerpt',
  ],
  replay_marks: ['source', 'digest', 'event_id', 'received_at'],
  duplicates: ['event_id', 'count', 'last_at', 'differed'],
  event_search: ['name', 'value', 'event_id'],
  erased: ['event_id', 'source', 'key_hash', 'key_number', 'erased_at'],
  erasure: ['secret'],
  rejected: [
    ...['seq', 'id', 'source', 'reason', 'detail', 'method', 'url', 'content_type', 'body_bytes'],
    ...['received_at', 'kept_bytes', 'headers', 'body'],
  ],
  source_state: ['source', 'name', 'value', 'updated_at'],
  audit: [
    ...['seq', 'at', 'actor', 'role', 'address', 'action', 'target', 'before_json', 'after_json', 'through'],
    'hash',
  ],
  destination_state: ['destination', 'version', 'state', 'freed_at'],
  operations: ['id', 'version', 'state', 'content', 'over_at'],
  operation_targets: ['operation', 'slice', 'targets', 'results'],
} as const satisfies Readonly<Record<Part, readonly string[]>>;

export type Value = string | number | Uint8Array | null;
export type Row = readonly Value[];

/** Rows that are read, written and committed together, and their position, which only the source understands. */
export type Batch = Readonly<{ rows: readonly Row[]; position: string }>;

/** The limits of a batch, which bound memory; one row may exceed them by itself. */
export type BatchLimits = Readonly<{ maxRows: number; maxBytes: number }>;

export type ReadOptions = BatchLimits &
  Readonly<{
    /** The position of a batch; null begins at the beginning. */
    after: string | null;
    /**
     * Leases end here at the latest, since their holders are gone. So the deliveries arrive with an expired lease, and the
     * reaper of the new database charges them an attempt, `interrupted`, by the policy of their destination.
     */
    leasesEndMs: number;
  }>;

/** An inbox that is not in use and does not change. */
export interface InboxSource {
  /** Equal for the same inbox in the same state, wherever its file is. */
  readonly fingerprint: string;
  count(part: Part): number;
  batches(part: Part, options: ReadOptions): Iterable<Batch>;
  /** The greatest `seq` that a rejected request has ever had: numbers are not used twice. */
  lastRejectedSeq(): number;
  close(): void;
}

/** How far the move has come: the last committed batch, and how many rows of its part have moved. */
export type HighWater = Readonly<{ part: Part; position: string; moved: number }>;

export type Begun =
  | Readonly<{ kind: 'begun'; beganAtMs: number; mark: HighWater | null }>
  /** This inbox was moved here before, and proved. */
  | Readonly<{ kind: 'finished'; finishedAtMs: number; proof: Proof }>;

/** The database that an inbox moves to. Receivers do not start on it before the move is finished. */
export interface InboxTarget {
  /**
   * Reserves the database for this inbox, or continues a move that was interrupted.
   * @throws StoreError STORE_LOCKED while another process works in it, STORE_SCHEMA if it holds anything else
   */
  begin(fingerprint: string, nowMs: number): Promise<Begun>;
  /** Writes the rows and how far they lead, in one transaction. */
  write(batch: Batch, mark: HighWater): Promise<void>;
  /** After the last row: updates the planner's statistics, which the server would do only later. */
  analyze(): Promise<void>;
  /** All rows of a part as they are stored, in pages. */
  pages(part: Part, limits: BatchLimits): AsyncIterable<readonly Row[]>;
  /** The counters that limits and metrics use, see `Counter`. */
  counters(): Promise<readonly Counter[]>;
  /** Opens the database to its receivers. */
  finish(proof: Proof, lastRejectedSeq: number, nowMs: number): Promise<void>;
  close(): Promise<void>;
}

/** A count: of a destination's deliveries in a status, of events (`''`, `events`), of all pending deliveries. */
export type Counter = readonly [of: string, what: string, count: number];

/** Rows and their digest, see RowDigest. */
export type Side = Readonly<{ rows: number; sha256: string }>;
/** `counters` are not moved but recounted, and proved against the rows that they count. */
export type PartProof = Readonly<{ part: Part | 'counters'; source: Side; target: Side }>;
export type Proof = readonly PartProof[];

export function isEqual({ source, target }: PartProof): boolean {
  return source.rows === target.rows && source.sha256 === target.sha256;
}

/** The current step: `done` of `total` rows of a part. */
export type Progress = Readonly<{
  step: 'moving' | 'proving';
  part: Part;
  done: number;
  total: number;
}>;
