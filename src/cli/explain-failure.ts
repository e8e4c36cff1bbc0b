import { ConfigError, messageOf, StoreError } from '../domain/errors.ts';
import { SchemeError } from '../verify/scheme-error.ts';
import { AdminError } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';

/** The setting to change when listening fails, by the system's error code. */
const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'give PORT another value',
  EACCES: 'give PORT a value that this user may listen on, such as 8000',
  EADDRNOTAVAIL: 'give HOST an address of this machine, such as 0.0.0.0',
  ENOTFOUND: 'give HOST a name that resolves, or an address such as 0.0.0.0',
  EAI_AGAIN: 'give HOST a name that resolves, or an address such as 0.0.0.0',
};

const LISTEN_CALLS: ReadonlySet<string | undefined> = new Set(['listen', 'getaddrinfo']);

/** Errors that the user can correct: the message says how. */
const USERS_ERRORS = [ConfigError, StoreError, AdminError, CommandError, SchemeError];

/**
 * Describes the error that ended the program. An error that the user can correct is one message; a defect of the
 * program comes with its stack.
 */
export function explainFailure(error: unknown): string {
  if (USERS_ERRORS.some((kind) => error instanceof kind)) return (error as Error).message;
  if (!(error instanceof Error)) return messageOf(error);
  const { code = '', syscall, ofOperators } = error as NodeJS.ErrnoException & { ofOperators?: boolean };
  if (!LISTEN_CALLS.has(syscall)) return error.stack ?? error.message;
  const advice = LISTEN_ADVICE[code] ?? 'check HOST and PORT';
  const named = ofOperators ? advice.replaceAll(/\b(?:PORT|HOST)\b/g, 'ADMIN_$&') : advice;
  return `${messageOf(error)}: ${named}`;
}
