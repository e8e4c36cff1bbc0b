/** A verification cannot be set up: unknown provider, missing secret, key that does not decode, invalid scheme. */
export class SchemeError extends Error {
  override readonly name = 'SchemeError';
  readonly code = 'SCHEME_INVALID';
  /** One line for each problem: what was wrong, what was expected. */
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
