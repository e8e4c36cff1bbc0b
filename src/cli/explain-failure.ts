import { ConfigError, messageOf, StoreError } from '../domain/errors.ts';
import { SchemeError } from '../verify/scheme-error.ts';
import { AdminError } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';

/** What is wrong with an address, and the setting that mends it, by the system's code. */
const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'give PORT another value',
  EACCES: 'give PORT a value that this user may listen on, such as 8000',
  EADDRNOTAVAIL: 'give HOST an address of this machine, such as 0.0.0.0',
  ENOTFOUND: 'give HOST a name that resolves, or an address such as 0.0.0.0',
  EAI_AGAIN: 'give HOST a name that resolves, or an address such as 0.0.0.0',
};

const LISTEN_CALLS: ReadonlySet<string | undefined> = new Set(['listen', 'getaddrinfo']);

/** Mistakes that the user can mend: the message says how. */
const USERS_ERRORS = [ConfigError, StoreError, AdminError, CommandError, SchemeError];

/**
 * Words what ended the program. What its user can mend is one message; only a mistake of the program itself comes
 * with its stack, which its author needs.
 */
export function explainFailure(error: unknown): string {
  if (USERS_ERRORS.some((kind) => error instanceof kind)) return (error as Error).message;
  if (!(error instanceof Error)) return messageOf(error);
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (!LISTEN_CALLS.has(syscall)) return error.stack ?? error.message;
  const advice = LISTEN_ADVICE[code] ?? 'check HOST and PORT';
  return `${messageOf(error)}: ${advice}`;
}
