import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Emit } from '../events.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { boundedDetails, errorFields, scrubbed } from './log/bounded.ts';
import { handshakeLines } from './log/handshake-lines.ts';
import { deliveryLines, ingestLines } from './log/lines.ts';
import { queueLines, storeLines } from './log/store-lines.ts';
import { createLineWriter, type WriteLine } from './log/writer.ts';
import type { LogFormat, LogLevel } from './log-level.ts';
import { createSubscriber, type Handlers } from './subscriber.ts';

export type LogOptions = Readonly<{
  level: LogLevel;
  format: LogFormat;
  /** Where lines go; stdout when left out. */
  destination?: DestinationStream;
  clock?: Clock;
}>;

/** A reader of our stdout that stands still may cost this much memory; after that lines are dropped, not events. */
const STDOUT_BACKLOG_BYTES = 8 * 1024 * 1024;

/** The logger of the program: one JSON object a line, or for people, coloured text. */
export function createLog({ level, format, destination, clock = systemClock }: LogOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: { service: 'webhook-receiver' },
    timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: (error: unknown) => errorFields(error, level === 'debug') },
  };
  if (format === 'pretty') return pino(options, prettyStream(destination));
  return destination === undefined ? stdoutLog(options) : pino(options, destination);
}

/**
 * Asynchronous, because a synchronous write to a pipe that nobody reads stops the event loop, and with it ingest.
 * Pino writes out what is left when the process exits; only SIGKILL loses lines.
 */
function stdoutLog(options: LoggerOptions): Logger {
  const stdout = pino.destination({ dest: 1, sync: false, maxLength: STDOUT_BACKLOG_BYTES });
  const log = pino(options, stdout);
  let dropped = 0;
  stdout.on('drop', () => {
    dropped += 1;
  });
  stdout.on('drain', () => {
    if (dropped > 0) log.warn({ dropped }, 'log lines were dropped: what reads stdout is too slow');
    dropped = 0;
  });
  return log;
}

/** Synchronous: at a terminal a line has to be there when the thing it tells of happens. */
function prettyStream(destination: DestinationStream = pino.destination({ dest: 1, sync: true })) {
  const toText = prettyFactory({
    colorize: process.stdout.isTTY === true,
    translateTime: 'UTC:HH:MM:ss.l',
    ignore: 'service',
    singleLine: true,
    // Our `error` is a text; the default would print it as an error object, line breaks and all.
    errorLikeObjectKeys: [],
  });
  return { write: (line: string) => void destination.write(toText(line)) };
}

/**
 * Words what the core tells. Payloads, headers and secrets never get into a line, every string is cut, and what a
 * client can cause at will is throttled.
 */
export function createLogSubscriber(logger: Logger, { clock }: Readonly<{ clock: Clock }>): Emit {
  const write = createLineWriter(logger, clock);
  return createSubscriber({
    ...ingestLines(write),
    ...handshakeLines(write),
    ...deliveryLines(write),
    ...storeLines(write, () => logger.isLevelEnabled('debug')),
    ...queueLines(write, () => logger.isLevelEnabled('debug')),
    ...receiverLines(write),
  });
}

function receiverLines(write: WriteLine): Handlers {
  const details = (value: Readonly<Record<string, unknown>> | undefined) =>
    value === undefined ? {} : { details: boundedDetails(value) };
  return {
    'receiver.notice': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: scrubbed(event.message),
        fields: () => details(event.details),
      }),
    'receiver.warning': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: scrubbed(event.message),
        fields: () => details(event.details),
      }),
    // Something nobody foresaw: here the stack is worth its length.
    'receiver.failed': (event) =>
      write({
        type: event.type,
        level: 'error',
        message: scrubbed(event.message),
        fields: () => errorFields(event.error, true),
        throttleBy: 'failed',
      }),
  };
}
