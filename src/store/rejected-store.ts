/**
 * A request that was refused before it became an event, kept to be looked at.
 * `headers` is flat, as an event's are; `body` is null when it was larger than what is kept, `bodyBytes` what was sent.
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

/** What a list shows of a rejected request. */
export type RejectedSummary = Omit<RejectedRequest, 'headers' | 'body'>;

/** A page of rejected requests, newest first; `next` continues it. */
export type RejectedPage = Readonly<{ requests: readonly RejectedSummary[]; next: string | null }>;

/** What may be kept of one source. Bytes are counted by `rejectedBytes`. */
export type RejectedBounds = Readonly<{ maxRequests: number; maxBytes: number }>;

export interface RejectedStore {
  /**
   * Keeps the request; the oldest of its source go, as many as it takes to stay within the bounds. One that exceeds
   * them by itself is not kept, and then nothing else goes.
   */
  keepRejected(request: RejectedRequest, bounds: RejectedBounds): Promise<void>;
  /** In the order in which they were kept, newest first; of one source or, with null, of all. `before` is the `next` of the page before. */
  listRejected(limit: number, before: string | null, source: string | null): Promise<RejectedPage>;
  readRejected(id: string): Promise<RejectedRequest | null>;
  dropRejected(id: string): Promise<'dropped' | 'unknown'>;
  /** Deletes up to `limit` of those received before `beforeMs`, the oldest first. @returns how many; fewer than the limit: none are left */
  purgeRejected(beforeMs: number, limit: number): Promise<number>;
}

/** What a request counts against `maxBytes`: the texts that a sender chooses, in UTF-8, and the body as it is kept. */
export function rejectedBytes({ body, url, contentType, detail, headers }: RejectedRequest): number {
  const texts = [url, contentType, detail, ...headers];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), body?.length ?? 0);
}
