/** A verification that cannot be set up: unknown provider, missing secret, key that does not decode, wrong scheme. */
export class SchemeError extends Error {
  override readonly name = 'SchemeError';
  readonly code = 'SCHEME_INVALID';
  /** One line each: what was wrong, what was expected. */
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
