/** The parts of an inbox, in the order in which they move from one database to another. */
export const PARTS = [
  'events',
  'deliveries',
  'attempts',
  'replay_marks',
  'rejected',
  'source_state',
] as const;
export type Part = (typeof PARTS)[number];

/**
 * What a row of each part holds, in this order. Ids are texts; headers stay the text that they are stored as. A
 * delivery is named by its event and number, `replay_of` is a number too; `position` is the place of one with an order
 * key in the order of acceptance. `seq` gives rejected requests their order.
 */
export const COLUMNS = {
  events: [
    ...['id', 'source', 'idempotency_key', 'event_type', 'method', 'url', 'headers', 'content_type'],
    ...['received_at', 'replay_digest', 'body'],
  ],
  deliveries: [
    ...['event_id', 'number', 'destination', 'status', 'attempts', 'due_at', 'lease_token', 'lease_until'],
    ...['last_error', 'created_at', 'updated_at', 'replay_of', 'order_key', 'turn', 'position'],
  ],
  attempts: [
    ...['event_id', 'delivery', 'number', 'started_at', 'ended_at', 'outcome', 'error', 'http_status'],
    'response_excerpt',
  ],
  replay_marks: ['source', 'digest', 'event_id', 'received_at'],
  rejected: [
    ...['seq', 'id', 'source', 'reason', 'detail', 'method', 'url', 'content_type', 'body_bytes'],
    ...['received_at', 'kept_bytes', 'headers', 'body'],
  ],
  source_state: ['source', 'name', 'value', 'updated_at'],
} as const satisfies Readonly<Record<Part, readonly string[]>>;

export type Value = string | number | Uint8Array | null;
export type Row = readonly Value[];

/** Rows that are read, written and committed together, and how far they lead: opaque but to their source. */
export type Batch = Readonly<{ rows: readonly Row[]; position: string }>;

/** Most of a batch; one row may be larger by itself. So memory is bounded whatever the inbox holds. */
export type BatchLimits = Readonly<{ maxRows: number; maxBytes: number }>;

export type ReadOptions = BatchLimits &
  Readonly<{
    /** The position of a batch; null begins at the beginning. */
    after: string | null;
    /**
     * Leases end here at the latest: whoever held one is gone. So the deliveries arrive as leased and expired, and the
     * reaper of the new database charges them an attempt, `interrupted`, by the policy of their destination.
     */
    leasesEndMs: number;
  }>;

/** An inbox that nobody uses and nothing changes. */
export interface InboxSource {
  /** Equal for the same inbox in the same state, wherever its file lies. */
  readonly fingerprint: string;
  count(part: Part): number;
  batches(part: Part, options: ReadOptions): Iterable<Batch>;
  /** The greatest `seq` that a rejected request has ever had: none of them is used again. */
  lastRejectedSeq(): number;
  close(): void;
}

/** How far the move is: the last batch that is committed, and the rows of its part until there. */
export type HighWater = Readonly<{ part: Part; position: string; moved: number }>;

export type Begun =
  | Readonly<{ kind: 'begun'; beganAtMs: number; mark: HighWater | null }>
  /** This very inbox was moved here, and proved. */
  | Readonly<{ kind: 'finished'; finishedAtMs: number; proof: Proof }>;

/** The database that an inbox moves to. Its receivers do not start before the end. */
export interface InboxTarget {
  /**
   * Takes the database for this inbox, or goes on with what began before.
   * @throws StoreError STORE_LOCKED while somebody else works in it, STORE_SCHEMA if it holds anything else
   */
  begin(fingerprint: string, nowMs: number): Promise<Begun>;
  /** Writes the rows and how far they lead, in one transaction. */
  write(batch: Batch, mark: HighWater): Promise<void>;
  /** Everything is written: lets the planner know, which else learns of it when the server comes round to it. */
  analyze(): Promise<void>;
  /** All rows of a part as they are stored, some at a time. */
  pages(part: Part, limits: BatchLimits): AsyncIterable<readonly Row[]>;
  /** The counters that limits and metrics go by, see `Counter`. */
  counters(): Promise<readonly Counter[]>;
  /** Opens the database to its receivers. */
  finish(proof: Proof, lastRejectedSeq: number, nowMs: number): Promise<void>;
  close(): Promise<void>;
}

/** How many there are of a thing: deliveries of a destination in a status, events (`''`, `events`), all pending ones. */
export type Counter = readonly [of: string, what: string, count: number];

/** Rows and their digest, see RowDigest. */
export type Side = Readonly<{ rows: number; sha256: string }>;
/** `counters` are not moved but made anew: they are proved against the rows that they count. */
export type PartProof = Readonly<{ part: Part | 'counters'; source: Side; target: Side }>;
export type Proof = readonly PartProof[];

export function isEqual({ source, target }: PartProof): boolean {
  return source.rows === target.rows && source.sha256 === target.sha256;
}

/** What the move is doing: `done` of `total` rows of a part. */
export type Progress = Readonly<{
  step: 'moving' | 'proving';
  part: Part;
  done: number;
  total: number;
}>;
