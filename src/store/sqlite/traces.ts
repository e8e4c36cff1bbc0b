import { type Clock, sleep } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { Service } from '../../runtime/service.ts';
import type { TracesOutcome } from '../store.ts';
import { type CleanCall, type CleanStep, FIRST_STEP } from './clean-file.ts';

/** Between two steps, each of which accepts wait for. */
const STEP_PAUSE_MS = 10;
/** How long to wait for a reader that ends by itself, and how often to look. */
const READER_TIMEOUT_MS = 5_000;
const READER_PAUSE_MS = 25;
/** How often to try again what a reader, a failure or the end of the process has prevented. */
const AGAIN_MS = 30_000;

export type TracesParts = Readonly<{
  /** Has the writer thread answer, while nothing else of this process writes. */
  call: (call: CleanCall) => Promise<CleanStep | number | null>;
  clock: Clock;
}>;

export type Traces = Service &
  Readonly<{
    /** @see EraseStore.removeTraces */
    remove(): Promise<TracesOutcome>;
    /** While true, no page of the file may be moved: it could come behind the step that looks for it. */
    isAtWork(): boolean;
  }>;

/** Removes what erased events have left in the -wal file and in free space, in passes over the file. */
export function createTraces({ call, clock }: TracesParts): Traces {
  let last: Promise<unknown> = Promise.resolve();
  let isAtWork = false;
  let isStopped = false;

  const patiently = async (step: CleanCall): Promise<CleanStep> => {
    for (const untilMs = clock.nowMs() + READER_TIMEOUT_MS; ; ) {
      const outcome = (await call(step)) as CleanStep;
      if (outcome.kind === 'done' || isStopped || clock.nowMs() >= untilMs) return outcome;
      await sleep(clock, READER_PAUSE_MS);
    }
  };
  const pass = async (erases: number): Promise<CleanStep> => {
    for (let at: number | null = FIRST_STEP; at !== null; ) {
      const outcome = await patiently({ clean: 'step', at });
      if (outcome.kind === 'held') return outcome;
      at = outcome.next;
      if (isStopped) return { kind: 'held', readers: ['the end of the receiver'] };
      if (at !== null) await sleep(clock, STEP_PAUSE_MS);
    }
    return patiently({ clean: 'finish', erases });
  };
  const passes = async (): Promise<TracesOutcome> => {
    isAtWork = true;
    try {
      // What was erased during a pass may have left something behind it.
      for (;;) {
        const erases = (await call({ clean: 'owed' })) as number | null;
        if (erases === null) return { kind: 'removed' };
        const outcome = await pass(erases);
        if (outcome.kind === 'held') return outcome;
      }
    } finally {
      isAtWork = false;
    }
  };
  const remove = () => {
    const own = last.then(passes);
    last = own.catch(() => {});
    return own;
  };
  const again = createRunLoop(clock, AGAIN_MS, 'at once', async () => {
    // A failure of the storage shows in every other write, and who asks gets it as the answer.
    if (!isAtWork) await remove().catch(() => {});
  });
  return {
    remove,
    isAtWork: () => isAtWork,
    start: () => again.start(),
    async stop() {
      isStopped = true;
      await again.stop();
      await last;
    },
  };
}
