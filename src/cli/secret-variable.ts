import { type Env, readVariable } from '../config/variable.ts';
import { CommandError } from './command-error.ts';

/**
 * The value of a variable with a secret, or of the file that `NAME_FILE` names; null without a value.
 * @throws CommandError for a file that cannot be read, and for both at once
 */
export function secretVariable(env: Env, name: string): string | null {
  const reading = readVariable(env, name);
  if (reading.kind === 'wrong') throw new CommandError(reading.problem);
  return reading.kind === 'set' ? reading.text : null;
}
