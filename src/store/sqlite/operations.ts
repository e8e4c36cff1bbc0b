import type { Attempt } from '../../domain/attempt.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Lease } from '../../domain/lease.ts';
import type { Addressee } from '../../domain/order.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type {
  ClaimByIdsOutcome,
  ClaimByIdsRequest,
  ClaimOutcome,
  ClaimRequest,
  ExpiredLease,
  InsertOutcome,
  PurgeOutcome,
  RejectedBounds,
  RejectedRequest,
  ReleaseOutcome,
  ReplayMark,
  ReplayOutcome,
} from '../store.ts';

/** Everything that changes the database, as one value each, so that any mix of them shares one commit. */
export type Operation =
  | Readonly<{
      kind: 'insert';
      event: Omit<WebhookEvent, 'headers'>;
      /** Headers as they are stored. */
      headersJson: string;
      destinations: readonly Addressee[];
      replayMark: ReplayMark | null;
    }>
  | Readonly<{ kind: 'claim'; request: ClaimRequest }>
  | Readonly<{ kind: 'claimByIds'; request: ClaimByIdsRequest }>
  | Readonly<{ kind: 'extend'; lease: Lease; untilMs: number }>
  | Readonly<{ kind: 'settle'; lease: Lease; settlement: Settlement; attempt: Attempt | null; nowMs: number }>
  | Readonly<{ kind: 'expired'; untilMs: number; limit: number }>
  | Readonly<{ kind: 'purge'; beforeMs: number; limit: number; cursor: string | null }>
  | Readonly<{ kind: 'vacuum'; pages: number }>
  | Readonly<{ kind: 'replay'; deliveryId: string; nowMs: number }>
  | Readonly<{ kind: 'releaseKey'; destination: string; orderKey: string }>
  | Readonly<{ kind: 'keepRejected'; request: RejectedRequest; bounds: RejectedBounds }>
  | Readonly<{ kind: 'dropRejected'; id: string }>
  | Readonly<{ kind: 'purgeRejected'; beforeMs: number; limit: number }>
  | Readonly<{ kind: 'keepSourceState' | 'replaceSourceState' } & NewSourceState>
  | Readonly<{ kind: 'dropSourceState'; source: string; name: string }>
  | Readonly<{ kind: 'ping' }>;

type NewSourceState = { source: string; name: string; value: string; nowMs: number };

export type OperationKind = Operation['kind'];
export type OperationOf<Kind extends OperationKind> = Operation & { kind: Kind };

/** What each kind of operation answers. */
export type Answers = {
  insert: InsertOutcome;
  claim: ClaimOutcome;
  claimByIds: ClaimByIdsOutcome;
  extend: 'extended' | 'lost';
  settle: 'settled' | 'lost';
  expired: readonly ExpiredLease[];
  purge: PurgeOutcome;
  /** Whether free pages are left in the file. */
  vacuum: 'more' | 'done';
  replay: ReplayOutcome;
  releaseKey: ReleaseOutcome;
  keepRejected: undefined;
  dropRejected: 'dropped' | 'unknown';
  purgeRejected: number;
  keepSourceState: 'kept' | 'present';
  replaceSourceState: undefined;
  dropSourceState: 'dropped' | 'unknown';
  ping: undefined;
};
export type Answer = Answers[OperationKind];

/** The verbs, each bound to its prepared statements. */
export type Verbs = Readonly<{ [Kind in OperationKind]: (operation: OperationOf<Kind>) => Answers[Kind] }>;
