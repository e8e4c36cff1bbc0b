import type { Failure } from '../../domain/failure-class.ts';

/** A member of a group with its last attempt. */
export type FailureSample = Failure & Readonly<{ deliveryId: string }>;

/**
 * The dead letters of a destination that have failed for the same cause: failed, neither replayed nor deleted. Those of
 * the group null are the rest: of causes beyond MAX_FAILURE_GROUPS, erased, or failed under a version without groups.
 */
export type FailureGroup = Readonly<{
  destination: string;
  group: string | null;
  count: number;
  /** When the first and the last of them failed. */
  firstAtMs: number;
  lastAtMs: number;
  /** The one that failed last; null for the rest. */
  sample: FailureSample | null;
}>;

export interface FailureStore {
  /**
   * The groups of one destination, or of all: by destination, the largest groups first and the rest last. Reads the
   * index of dead letters, so it costs as much as there are of them.
   */
  failureGroups(destination: string | null): Promise<readonly FailureGroup[]>;
}
