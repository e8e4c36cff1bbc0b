/** More than an attempt row holds is not looked at: a message may be megabytes. */
const LOOKED_AT_CHARS = 4096;

/**
 * Words a thrown value for an operator: the message of an error with that of its cause, or what else was thrown.
 * Never throws, and never shows a stack.
 */
export function describeThrown(thrown: unknown): string {
  try {
    return describe(thrown).slice(0, LOOKED_AT_CHARS);
  } catch {
    // A getter or toString of the user's that throws in its turn.
    return 'the handler threw a value that cannot be shown';
  }
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string' && thrown !== '') return thrown;
  if (typeof thrown !== 'object' || thrown === null) return `the handler threw ${wordFor(thrown)}`;
  const message = messageOf(thrown);
  if (message === null) return `the handler threw ${nameOf(thrown) ?? 'an object'} without a message`;
  return message + describeCause(thrown);
}

function wordFor(primitive: unknown): string {
  return primitive === '' ? 'an empty string' : String(primitive);
}

/** Node's fetch says "fetch failed", and only its cause why. */
function describeCause(thrown: object): string {
  const cause = 'cause' in thrown ? thrown.cause : undefined;
  const message = typeof cause === 'object' && cause !== null ? (messageOf(cause) ?? codeOf(cause)) : null;
  return message === null ? '' : ` (cause: ${message})`;
}

function messageOf(thrown: object): string | null {
  return 'message' in thrown && typeof thrown.message === 'string' && thrown.message !== ''
    ? thrown.message
    : null;
}

function nameOf(thrown: object): string | null {
  return 'name' in thrown && typeof thrown.name === 'string' ? thrown.name : null;
}

function codeOf(thrown: object): string | null {
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
}
