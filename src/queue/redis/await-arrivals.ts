import type { RedisConnection } from './connection.ts';
import { createLane, type Lane, type LaneParts } from './lane.ts';

export type ArrivalParts = Omit<LaneParts, 'connection'> &
  Readonly<{
    connection: LaneParts['connection'] & Pick<RedisConnection, 'laneOf'>;
    lost: (error: Error) => void;
  }>;

export type Arrivals = Readonly<{
  /** There was nothing for this destination: read its next entry as soon as it comes. */
  watch(destination: string): void;
}>;

/** Waits for entries for as long as the connection lasts, in as many lanes as it needs. */
export function createArrivals(parts: ArrivalParts): Arrivals {
  const { connection, keyOf, ended, lost } = parts;
  const lanes = new Map<number, Lane>();
  const start = (): Lane => {
    const lane = createLane(parts);
    lane.read().catch((error: unknown) => lost(error as Error));
    return lane;
  };
  return {
    watch(destination) {
      if (ended.aborted) return;
      const number = connection.laneOf(keyOf(destination));
      const lane = lanes.get(number) ?? start();
      lanes.set(number, lane);
      lane.watch(destination);
    },
  };
}
