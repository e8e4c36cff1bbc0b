import type { AuditEntry } from '../../domain/audit.ts';
import type { Delivery } from '../../domain/delivery.ts';
import type { BulkOperation, TargetOutcome } from '../../domain/operation.ts';
import type { Addressee } from '../../domain/order.ts';

/** The right to work on an operation: only who holds it changes anything by a step. A change by an operator ends it. */
export type OperationLease = Readonly<{ operationId: string; token: string }>;

export type OperationClaim = Readonly<{
  /** Fences this claim; unique for ever. */
  token: string;
  /** Leases that end at or before this time are over. */
  overMs: number;
  leaseUntilMs: number;
  /** Operations that the process works on already. */
  except: readonly string[];
}>;

/** A page of operations, newest first; `next` is the cursor of the next page. */
export type OperationPage = Readonly<{ operations: readonly BulkOperation[]; next: string | null }>;

/** What a step does to the next targets. */
export type StepWork =
  /** What the operation's kind does, or the removal of what it made while it is taken back. */
  | Readonly<{ kind: 'own' }>
  /** Gives each event of the targets a delivery for its addressee. */
  | Readonly<{ kind: 'route'; addressees: readonly Addressee[] }>
  /** The caller has done it: this is what came out. */
  | Readonly<{ kind: 'done'; outcomes: readonly TargetOutcome[] }>;

export type OperationStep = Readonly<{
  work: StepWork;
  /** Most targets, up to TARGETS_A_SLICE. */
  limit: number;
  /** Destinations that get no deliveries now: what the step makes for them is held, and counts as such. */
  closed?: readonly string[];
  nowMs: number;
  leaseUntilMs: number;
  /** The row for the end of the operation, which a driver completes with what it came to. */
  audit: Pick<AuditEntry, 'actor'>;
}>;

export type StepOutcome =
  | Readonly<{
      kind: 'stepped';
      operation: BulkOperation;
      /** Deliveries that have become due. */
      due: readonly Pick<Delivery, 'id' | 'destination'>[];
      /** Ids of the deliveries that the step has made. */
      made: readonly string[];
    }>
  /** The lease is not in force any more, and nothing changed. */
  | Readonly<{ kind: 'lost' }>
  /** The deliveries would exceed the limit of pending or of held ones, and nothing changed. */
  | Readonly<{ kind: 'full' }>;

/** Most targets of one step. They are stored so many together. */
export const TARGETS_A_SLICE = 200;

/** Bulk operations and their targets. */
export interface OperationStore {
  createOperation(operation: BulkOperation, audit: AuditEntry): Promise<void>;
  readOperation(id: string): Promise<BulkOperation | null>;
  /** Newest first; `before` is the `next` of the previous page. */
  listOperations(limit: number, before: string | null): Promise<OperationPage>;
  /**
   * Puts the operation in the place of the one of the version before, and ends the lease on it. `outdated`: it has another
   * version, and nothing changed.
   */
  changeOperation(next: BulkOperation, audit: AuditEntry): Promise<'changed' | 'outdated'>;
  /** Takes the oldest operation that is active and that no process works on. */
  claimOperation(claim: OperationClaim): Promise<BulkOperation | null>;
  /** Moves the end of a lease; with a time of the past another process may take the operation. */
  extendOperation(lease: OperationLease, leaseUntilMs: number): Promise<'extended' | 'lost'>;
  /** Adds targets, newest first, and puts the operation with them in the place of what was. */
  addTargets(
    lease: OperationLease,
    targets: readonly string[],
    next: BulkOperation,
    leaseUntilMs: number,
  ): Promise<'added' | 'lost'>;
  /** The targets that the next step goes through, the first one first. */
  nextTargets(operation: BulkOperation, limit: number): Promise<readonly string[]>;
  /**
   * Goes through the next targets: what is done to them, what came of it and how far the operation has come are one
   * transaction, so that a kill leaves all of it or nothing.
   */
  stepOperation(lease: OperationLease, step: OperationStep): Promise<StepOutcome>;
  /** Deletes up to `limit` operations that were over before `beforeMs`, with their targets. @returns how many */
  purgeOperations(beforeMs: number, limit: number): Promise<number>;
}
