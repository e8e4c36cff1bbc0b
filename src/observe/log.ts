import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { printable, printableJson, printableLines } from '../domain/printable.ts';
import type { Emit } from '../events.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { boundedDetails, errorFields, scrubbed } from './log/bounded.ts';
import { configLines } from './log/config-lines.ts';
import { alertLines, destinationLines, reconcileLines } from './log/destination-lines.ts';
import { handshakeLines } from './log/handshake-lines.ts';
import { deliveryLines, ingestLines } from './log/lines.ts';
import { operationLines } from './log/operation-lines.ts';
import { queueLines, storeLines } from './log/store-lines.ts';
import { traceFields } from './log/trace-fields.ts';
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

/** Memory for lines while nothing reads stdout; beyond it, lines are dropped. */
const STDOUT_BACKLOG_BYTES = 8 * 1024 * 1024;

/** The program's logger: one JSON object a line, or coloured text for people. Its level may be set at any time. */
export function createLog({ level, format, destination, clock = systemClock }: LogOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: { service: 'webhook-receiver' },
    timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: (error: unknown) => errorFields(error, log.isLevelEnabled('debug')) },
  };
  const log = openLog(options, format, destination);
  return log;
}

function openLog(
  options: LoggerOptions,
  format: LogFormat,
  destination: DestinationStream | undefined,
): Logger {
  if (format === 'pretty') return pino(options, prettyStream(destination));
  return destination === undefined ? stdoutLog(options) : pino(options, printableStream(destination));
}

/**
 * Asynchronous, because a synchronous write to a full pipe stops the event loop, and with it ingest. Pino writes the
 * remaining lines when the process exits; only SIGKILL loses some.
 */
function stdoutLog(options: LoggerOptions): Logger {
  const stdout = pino.destination({ dest: 1, sync: false, maxLength: STDOUT_BACKLOG_BYTES });
  const log = pino(options, printableStream(stdout));
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

/** Passes lines on without characters that a terminal or a log viewer would act on. */
function printableStream(destination: DestinationStream): DestinationStream {
  return { write: (line) => void destination.write(printableJson(line)) };
}

/** Synchronous: at a terminal a line must appear when its event happens. */
function prettyStream(destination: DestinationStream = pino.destination({ dest: 1, sync: true })) {
  const toText = prettyFactory({
    colorize: process.stdout.isTTY === true,
    translateTime: 'UTC:HH:MM:ss.l',
    ignore: 'service',
    singleLine: true,
    // Our `error` is a text; the default would print it as an error object, line breaks and all.
    errorLikeObjectKeys: [],
  });
  // Parsed, so that texts lose what the terminal would act on before colours and line breaks are added.
  const toPrintable = (name: string, value: unknown) => {
    if (typeof value === 'string') return name === 'stack' ? printableLines(value) : printable(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [printable(key), member]));
  };
  return { write: (line: string) => void destination.write(toText(JSON.parse(line, toPrintable))) };
}

/**
 * Writes the core's events as log lines. Payloads, headers and secrets never get into a line, every string is cut, and
 * lines that a client can cause at will are throttled.
 */
export function createLogSubscriber(logger: Logger, { clock }: Readonly<{ clock: Clock }>): Emit {
  const write = createLineWriter(logger, clock);
  return createSubscriber({
    ...ingestLines(write),
    ...handshakeLines(write),
    ...deliveryLines(write),
    ...storeLines(write, () => logger.isLevelEnabled('debug')),
    ...queueLines(write, () => logger.isLevelEnabled('debug')),
    ...configLines(write),
    ...destinationLines(write),
    ...reconcileLines(write),
    ...alertLines(write),
    ...operationLines(write),
    ...receiverLines(write),
  });
}

function receiverLines(write: WriteLine): Handlers {
  const details = (value: Readonly<Record<string, unknown>> | undefined) =>
    value === undefined ? {} : { details: boundedDetails(value) };
  return {
    'audit.head': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: 'head of the audit: webhook-receiver audit verify --head takes it',
        fields: () => ({ rows: event.rows, head: event.head }),
      }),
    'spans.dropped': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: 'spans did not reach the collector; events and deliveries are not concerned',
        fields: () => ({
          count: event.count,
          reason: event.reason,
          ...(event.error !== null && errorFields(event.error, false)),
        }),
        throttleBy: event.reason,
      }),
    'login.failed': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: 'a request to the admin surface had no token that is known',
        fields: () => ({ address: event.address, reason: event.reason }),
        throttleBy: 'login',
      }),
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
        fields: () => ({ ...details(event.details), ...traceFields(event) }),
      }),
    // An unforeseen error: here the stack is worth its length.
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
