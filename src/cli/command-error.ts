/** A command that was given something it cannot use. The message says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'COMMAND_INVALID';
}
