import type { Saturate } from '../clients/saturate.ts';
import type { InboxOptions } from '../inbox/open-inbox.ts';

/** What every measurement gets. */
export type Setting = Readonly<{
  /** Length of each measurement. */
  seconds: number;
  rounds: number;
  saturate: Saturate;
  /** Names of contenders to run; all when empty. */
  contenders: readonly string[];
  /** Why the peers cannot run, or null. */
  peersMissing: string | null;
  backlogEvents: number;
  expiredEvents: number;
  inbox: InboxOptions;
}>;

/** Not measured: until the just-in-time compiler has seen the path. */
export const WARM_UP_SECONDS = 4;
export const CONNECTIONS = 64;
