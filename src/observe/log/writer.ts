import type { Logger } from 'pino';
import type { ReceiverEvent } from '../../events.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { LogLevel } from '../log-level.ts';
import { createThrottle } from './throttle.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** One line: its level, what happened in a few words, and the fields, made only if the line is written. */
export type Line = Readonly<{
  type: ReceiverEvent['type'];
  level: LogLevel;
  message: string;
  fields: () => Fields;
  /** Set for lines that someone outside can cause at will: what tells their floods apart. */
  throttleBy?: string;
}>;

export type WriteLine = (line: Line) => void;

/** Writes lines to the logger, those with `throttleBy` a few a second. */
export function createLineWriter(logger: Logger, clock: Clock): WriteLine {
  const admits = createThrottle(clock);
  return ({ type, level, message, fields, throttleBy }) => {
    if (!logger.isLevelEnabled(level)) return;
    if (throttleBy !== undefined) {
      const report = (suppressed: number) =>
        logger[level]({ type, reason: throttleBy, suppressed }, 'lines like this were left out');
      if (!admits(`${type}/${throttleBy}`, report)) return;
    }
    logger[level]({ type, ...fields() }, message);
  };
}
