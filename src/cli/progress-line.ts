import type { Progress } from '../store/migrate/inbox-copy.ts';

type Output = Readonly<{ isTTY?: boolean; columns?: number; write(text: string): unknown }>;

export type ProgressLine = Readonly<{
  show(progress: Progress): void;
  /** Ends the line, and leaves the last state visible. */
  end(): void;
}>;

const TERMINAL_EVERY_MS = 100;
const LINES_EVERY_MS = 5_000;
const BAR_WIDTH = 24;
const ERASE = '\r\u001b[K';

/** Shows progress: a bar that is redrawn in place on a terminal, otherwise a line every five seconds. */
export function createProgressLine(output: Output, nowMs: () => number): ProgressLine {
  const isTerminal = output.isTTY === true;
  let began: Readonly<{ atMs: number; done: number; name: string }> | null = null;
  let hasEnded = false;
  let shownMs = Number.NEGATIVE_INFINITY;
  let isOpen = false;

  const write = (text: string) => {
    if (!isTerminal) return void output.write(`${text}\n`);
    output.write(`${ERASE}${text.slice(0, (output.columns ?? 80) - 1)}`);
    isOpen = true;
  };
  const end = () => {
    if (isOpen) output.write('\n');
    isOpen = false;
  };
  return {
    show(progress) {
      const { step, part, done, total } = progress;
      const name = `${step} ${part}`;
      const now = nowMs();
      if (began?.name !== name) {
        end();
        began = { atMs: now, done, name };
        hasEnded = false;
        shownMs = isTerminal ? Number.NEGATIVE_INFINITY : now;
      }
      const isLast = done >= total;
      if (hasEnded) return;
      hasEnded = isLast;
      if (!isLast && now - shownMs < (isTerminal ? TERMINAL_EVERY_MS : LINES_EVERY_MS)) return;
      shownMs = now;
      const perSecond = ((done - began.done) / Math.max(now - began.atMs, 1)) * 1000;
      write(lineOf(progress, isTerminal, perSecond));
    },
    end,
  };
}

function lineOf({ step, part, done, total }: Progress, isTerminal: boolean, perSecond: number): string {
  const share = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = isTerminal ? [`[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`] : [];
  const left = perSecond > 0 && done < total ? [`${timeOf((total - done) / perSecond)} left`] : [];
  const speed = perSecond > 0 ? [`${count(Math.round(perSecond))}/s`] : [];
  return [
    `${step} ${part.padEnd('replay_marks'.length)}`,
    ...bar,
    `${Math.floor(share * 100)}%`.padStart(4),
    `${count(done)} of ${count(total)}`,
    ...speed,
    ...left,
  ].join('  ');
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function timeOf(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
