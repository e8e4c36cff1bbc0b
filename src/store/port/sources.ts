import type { AuditEntry } from '../../domain/audit.ts';
import type { InboxStore, InsertOutcome } from './inbox.ts';

/**
 * A request that was refused before it became an event, kept for inspection. `headers` is flat, like an event's; `body`
 * is null if it was too large to be kept, and `bodyBytes` is its size as it was sent.
 */
export type RejectedRequest = Readonly<{
  /** UUIDv7 of the time of receipt, unique for ever. */
  id: string;
  source: string;
  reason: string;
  detail: string;
  method: string;
  url: string;
  headers: readonly string[];
  contentType: string;
  body: Uint8Array | null;
  bodyBytes: number;
  receivedAtMs: number;
}>;

/** A rejected request as a list shows it. */
export type RejectedSummary = Omit<RejectedRequest, 'headers' | 'body'>;

/** A page of rejected requests, newest first; `next` is the cursor of the next page. */
export type RejectedPage = Readonly<{ requests: readonly RejectedSummary[]; next: string | null }>;

/** How much is kept for one source. `rejectedBytes` counts the bytes of a request. */
export type RejectedBounds = Readonly<{ maxRequests: number; maxBytes: number }>;

/** What becomes of a request that is verified after all: an event, or what a handshake brought. */
export type VerifiedWrite =
  | Readonly<{ method: 'insertEvent'; args: Parameters<InboxStore['insertEvent']> }>
  | Readonly<{ method: 'keepSourceState'; args: Parameters<SourceStateStore['keepSourceState']> }>
  | Readonly<{ method: 'replaceSourceState'; args: Parameters<SourceStateStore['replaceSourceState']> }>;

/** What the write is answered. */
export type VerifiedAnswer = InsertOutcome | 'kept' | 'present' | undefined;

export type TakeOutcome =
  | Readonly<{ kind: 'taken'; answer: VerifiedAnswer }>
  /** The store is full, or has another value of the name. Nothing changed. */
  | Readonly<{ kind: 'left'; answer: VerifiedAnswer }>
  /** No request of the id is kept. Nothing changed. */
  | Readonly<{ kind: 'unknown' }>;

export interface RejectedStore {
  /**
   * Keeps the request, and deletes the oldest of its source as far as the bounds require. A request that exceeds the
   * bounds by itself is not kept, and nothing is deleted for it.
   */
  keepRejected(request: RejectedRequest, bounds: RejectedBounds): Promise<void>;
  /** Lists those of one source, or of all with null, newest first; `before` is the `next` of the previous page. */
  listRejected(limit: number, before: string | null, source: string | null): Promise<RejectedPage>;
  readRejected(id: string): Promise<RejectedRequest | null>;
  dropRejected(id: string, audit: AuditEntry): Promise<'dropped' | 'unknown'>;
  /**
   * Makes a write of the request, and deletes the request, in one transaction with the entry. Of an event the entry
   * gets the outcome, and its id as the target.
   */
  takeRejected(id: string, write: VerifiedWrite, audit: AuditEntry): Promise<TakeOutcome>;
  /**
   * Deletes up to `limit` requests that were received before `beforeMs`, oldest first.
   * @returns how many; fewer than the limit means that none are left
   */
  purgeRejected(beforeMs: number, limit: number): Promise<number>;
}

/** The bytes that a request counts against `maxBytes`: the sender's texts in UTF-8, and the body as it is kept. */
export function rejectedBytes({ body, url, contentType, detail, headers }: RejectedRequest): number {
  const texts = [url, contentType, detail, ...headers];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), body?.length ?? 0);
}

/** A value that a handshake stored for a source: a secret that the provider chose, for example. */
export type SourceState = Readonly<{ name: string; value: string; updatedAtMs: number }>;

export interface SourceStateStore {
  /** All values of the source, in the order of their names. */
  readSourceState(source: string): Promise<readonly SourceState[]>;
  /** Writes the value unless the name has one. `present`: it had one, which stays. */
  keepSourceState(source: string, name: string, value: string, nowMs: number): Promise<'kept' | 'present'>;
  /** Writes the value, whether the name had one or not. */
  replaceSourceState(
    source: string,
    name: string,
    value: string,
    nowMs: number,
    audit?: AuditEntry | null,
  ): Promise<void>;
  dropSourceState(source: string, name: string, audit: AuditEntry): Promise<'dropped' | 'unknown'>;
}
