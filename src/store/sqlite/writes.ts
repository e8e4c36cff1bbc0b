import { auditWrites } from './audit.ts';
import { prepareClaim } from './claim.ts';
import { prepareClaimByIds } from './claim-by-ids.ts';
import { cleanupWrites } from './cleanups.ts';
import { configurationWrites } from './configuration.ts';
import { destinationWrites } from './destinations.ts';
import { duplicatesWrites } from './duplicates.ts';
import { eraseWrites } from './erase.ts';
import { expiredWrites } from './expired.ts';
import { extendWrites } from './extend.ts';
import { historyWrites } from './history.ts';
import { prepareInsert } from './insert.ts';
import { minuteWrites } from './minutes.ts';
import { operationWrites } from './operations.ts';
import { orderWrites } from './order.ts';
import { prepareFillBlock } from './postings.ts';
import { prepareVacuum, purgeWrites } from './purge.ts';
import { rejectedWrites } from './rejected.ts';
import { replayWrites } from './replay.ts';
import { rescheduleWrites } from './reschedule.ts';
import { settleWrites } from './settle.ts';
import { sourceStateWrites } from './source-state.ts';
import type { Writer, Writes } from './verbs.ts';

const ping: Writes<'ping'>['ping'] = ({ db }) => {
  const count = db.prepare(`update totals set value = value + 1 where name = 'pings'`);
  return () => void count.run();
};

const prepareGuardDisk =
  ({ disk }: Writer) =>
  (isLow: boolean): void => {
    disk.isLow = isLow;
  };

/** The port's methods that the writer thread answers as the port has them. */
export const PORT_WRITES = {
  insertEvent: prepareInsert,
  ...duplicatesWrites,
  ...historyWrites,
  ...extendWrites,
  ...settleWrites,
  ...expiredWrites,
  ...rescheduleWrites,
  ...purgeWrites,
  ...replayWrites,
  ...eraseWrites,
  ...orderWrites,
  ...rejectedWrites,
  ...sourceStateWrites,
  ...cleanupWrites,
  ...auditWrites,
  ...destinationWrites,
  ...configurationWrites,
  ...operationWrites,
  ...minuteWrites,
  ping,
};

export type PortWrite = keyof typeof PORT_WRITES;

const WRITES = {
  ...PORT_WRITES,
  // Their answers are packed.
  claim: prepareClaim,
  claimByIds: prepareClaimByIds,
  vacuum: prepareVacuum,
  guardDisk: prepareGuardDisk,
  fillBlock: prepareFillBlock,
};

type WriteVerbs = { readonly [Name in keyof typeof WRITES]: ReturnType<(typeof WRITES)[Name]> };
export type WriteName = keyof WriteVerbs;

/** A call of the writer thread as one value, so that any mix of calls shares one commit. */
export type Write<Name extends WriteName = WriteName> = {
  [Each in Name]: Readonly<{ method: Each; args: Parameters<WriteVerbs[Each]> }>;
}[Name];

export type WriteAnswer<Name extends WriteName = WriteName> = ReturnType<WriteVerbs[Name]>;

/** Prepares all verbs on the connection. @returns runs one call within the open transaction */
export function prepareWrites(writer: Writer): (write: Write) => WriteAnswer {
  const verbs = Object.fromEntries(
    Object.entries(WRITES).map(([name, prepare]) => [name, prepare(writer)]),
  ) as Readonly<Record<WriteName, (...args: readonly unknown[]) => WriteAnswer>>;
  return ({ method, args }) => verbs[method](...args);
}
