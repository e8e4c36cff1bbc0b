import type { Attempt } from '../../domain/attempt.ts';
import type { EventView, WebhookEvent } from '../../domain/event.ts';
import type { Lease } from '../../domain/lease.ts';
import type { Addressee } from '../../domain/order.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type {
  ClaimByIdsOutcome,
  ClaimByIdsRequest,
  ClaimOutcome,
  ClaimRequest,
  InsertOutcome,
  ReleaseOutcome,
  ReplayMark,
  ReplayOutcome,
} from '../store.ts';

/** What changes deliveries or depends on such changes, as one value each, so that many share a statement. */
export type Operation =
  | Readonly<{
      kind: 'insert';
      event: WebhookEvent;
      destinations: readonly Addressee[];
      replayMark: ReplayMark | null;
    }>
  | Readonly<{ kind: 'claim'; request: ClaimRequest }>
  | Readonly<{ kind: 'claimByIds'; request: ClaimByIdsRequest }>
  | Readonly<{ kind: 'settle'; lease: Lease; settlement: Settlement; attempt: Attempt | null; nowMs: number }>
  | Readonly<{ kind: 'extend'; lease: Lease; untilMs: number }>
  | Readonly<{ kind: 'replay'; deliveryId: string; nowMs: number }>
  | Readonly<{ kind: 'releaseKey'; destination: string; orderKey: string }>
  /** The second look at an event that an insert found known: see in-turn.ts. */
  | Readonly<{ kind: 'view'; eventId: string }>;

export type OperationKind = Operation['kind'];
export type OperationOf<Kind extends OperationKind> = Extract<Operation, { kind: Kind }>;

/** What each kind of operation answers. */
export type Answers = {
  insert: InsertOutcome;
  claim: ClaimOutcome;
  claimByIds: ClaimByIdsOutcome;
  settle: 'settled' | 'lost';
  extend: 'extended' | 'lost';
  replay: ReplayOutcome;
  releaseKey: ReleaseOutcome;
  view: EventView | null;
};
export type Answer = Answers[OperationKind];
