/**
 * Writes a line: a message, and details as they are to be shown. Details may also come first, as loggers commonly take
 * them. Values under names that mean a secret are redacted, and everything is cut to a bound.
 */
export type WriteHandlerLine = {
  (message: string, details?: Readonly<Record<string, unknown>>): void;
  (details: Readonly<Record<string, unknown>>, message: string): void;
};

export type HandlerLog = Readonly<Record<'debug' | 'info' | 'warn' | 'error', WriteHandlerLine>>;

/** For a dispatcher alone. */
export const NO_LOG: HandlerLog = { debug() {}, info() {}, warn() {}, error() {} };
