import type { Logger } from 'pino';
import type { ReceiverEvent } from '../../events.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { LogLevel } from '../log-level.ts';
import { createThrottle } from './throttle.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** One line: its level, its message, and its fields, which are made only if the line is written. */
export type Line = Readonly<{
  type: ReceiverEvent['type'];
  level: LogLevel;
  message: string;
  fields: () => Fields;
  /** Set for lines that a client can cause at will: each value is throttled by itself. */
  throttleBy?: string;
}>;

export type WriteLine = (line: Line) => void;

/** Writes lines to the logger, and a few a second of those with `throttleBy`. */
export function createLineWriter(logger: Logger, clock: Clock): WriteLine {
  const admits = createThrottle(clock);
  return ({ type, level, message, fields, throttleBy }) => {
    if (!logger.isLevelEnabled(level)) return;
    if (throttleBy !== undefined) {
      const report = (suppressed: number) =>
        logger[level]({ type, reason: throttleBy, suppressed }, 'further lines of this kind were suppressed');
      if (!admits(`${type}/${throttleBy}`, report)) return;
    }
    logger[level]({ type, ...fields() }, message);
  };
}
