import { createKeyPrefix, orderKey } from '../clients/order.ts';
import { throwIfInterrupted } from '../support/cleanup.ts';
import { sleepMs } from '../support/wait.ts';
import { type LoadState, poll, resend, send } from './clients.ts';
import { type LoadPlan, startTimesMs } from './plan.ts';

export type Measured = Readonly<{ fromMs: number; toMs: number }>;

/**
 * Runs all clients of the plan to its end. Each keeps its pace whether or not it was answered, and latency counts
 * from when a request was due.
 * @param onSecond called about once a second with the seconds gone and those in all
 */
export async function runPlan(
  plan: LoadPlan,
  state: LoadState,
  onSecond: (gone: number, all: number) => void,
): Promise<Measured> {
  const beginMs = performance.now();
  const fromMs = beginMs + plan.rampSeconds * 1e3;
  const toMs = fromMs + plan.durationSeconds * 1e3;
  const prefix = createKeyPrefix();
  let count = 0;
  const kinds: readonly [number, (turn: number, dueAtMs: number) => Promise<void>][] = [
    [plan.senders, (_turn, dueAtMs) => send(state, orderKey(prefix, ++count), dueAtMs)],
    [plan.resenders, (_turn, dueAtMs) => resend(state, dueAtMs)],
    [plan.pollers, (turn, dueAtMs) => poll(state, turn, dueAtMs)],
  ];
  const clients = kinds.flatMap(([number, act]) =>
    startTimesMs(number, plan.rampSeconds).map((delayMs) =>
      keepPace(beginMs + delayMs, toMs, plan.perSecond, act),
    ),
  );
  const all = plan.rampSeconds + plan.durationSeconds;
  const progress = setInterval(() => onSecond((performance.now() - beginMs) / 1e3, all), 1_000);
  try {
    await Promise.all(clients);
  } finally {
    clearInterval(progress);
  }
  return { fromMs, toMs };
}

async function keepPace(
  startMs: number,
  endMs: number,
  perSecond: number,
  act: (turn: number, dueAtMs: number) => Promise<void>,
): Promise<void> {
  const underWay: Promise<void>[] = [];
  for (let turn = 0; ; turn += 1) {
    const dueAtMs = startMs + (turn * 1e3) / perSecond;
    if (dueAtMs >= endMs) break;
    await sleepMs(Math.max(0, dueAtMs - performance.now()));
    throwIfInterrupted();
    underWay.push(act(turn, dueAtMs));
  }
  await Promise.all(underWay);
}
