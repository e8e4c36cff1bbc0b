import type { AuditEntry } from '../domain/audit.ts';
import type { HandshakeReply } from '../verify/handshake.ts';
import type { VerifyReason } from '../verify/outcome.ts';
import type { StoreEventOutcome } from './store-event.ts';

/** Stored now, or known already. */
export type ReverifiedEvent = Exclude<StoreEventOutcome, { kind: 'full' }> &
  Readonly<{ source: string; bodyBytes: number }>;

export type ReverifyOutcome =
  /** No request with that id is kept. */
  | Readonly<{ kind: 'unknown' }>
  /** It is no longer kept as rejected. */
  | ReverifiedEvent
  /** It was a handshake, and its action is done; there is no client left to answer. It is no longer kept either. */
  | Readonly<{
      kind: 'handshake';
      source: string;
      handshake: string;
      reply: HandshakeReply;
      /** The event, if the handshake is one as well. */
      event: ReverifiedEvent | null;
    }>
  | Readonly<{ kind: 'full' }>
  | Readonly<{ kind: 'rejected'; reason: VerifyReason; detail: string }>
  | Readonly<{ kind: 'keys_unavailable'; detail: string }>;

/** Verifies a kept request as of its own time, with the current rules and secrets. */
export type Reverify = (id: string, nowMs: number, audit: AuditEntry) => Promise<ReverifyOutcome>;
