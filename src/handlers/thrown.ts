/** Most characters of a message that are read. It is more than an attempt stores; a message may be megabytes long. */
const LOOKED_AT_CHARS = 4096;

/**
 * Describes a thrown value for an operator: the message of an error with that of its cause, or the value itself.
 * Never throws, and never shows a stack.
 */
export function describeThrown(thrown: unknown): string {
  try {
    return describe(thrown).slice(0, LOOKED_AT_CHARS);
  } catch {
    // A getter or toString of the value threw.
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

/** Needed for errors such as fetch's "fetch failed", whose cause alone has the reason. */
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
