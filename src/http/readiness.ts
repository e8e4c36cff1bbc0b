import { messageOf } from '../domain/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OperateStore } from '../store/store.ts';
import type { Readiness } from './health-route.ts';

/** Where in its life the receiver is. */
export type Phase = 'starting' | 'running' | 'stopping';

/** A probe costs a commit, so that probes at any rate cost no more than one a second. */
const PING_EVERY_MS = 1_000;

/** Ready means: it runs, and the store can commit. A full disk shows here before the first event is refused. */
export function createReadiness(
  parts: Readonly<{ store: Pick<OperateStore, 'ping'>; clock: Clock; phase: () => Phase }>,
): Readiness {
  let pinged: { atMs: number; obstacle: Promise<string | null> } | null = null;
  return async () => {
    const phase = parts.phase();
    if (phase !== 'running') return phase;
    const nowMs = parts.clock.nowMs();
    if (pinged === null || nowMs >= pinged.atMs + PING_EVERY_MS) {
      const obstacle = parts.store.ping().then(
        () => null,
        (error: unknown) => `the store cannot commit: ${messageOf(error)}`,
      );
      pinged = { atMs: nowMs, obstacle };
    }
    return pinged.obstacle;
  };
}
