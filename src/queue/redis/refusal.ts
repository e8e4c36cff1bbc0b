import { ErrorReply } from '@redis/client';
import { isReply } from './client.ts';

/** Replies that say where a slot is, or that a group has to be created. */
const REDIRECTIONS = ['NOGROUP', 'MOVED', 'ASK', 'TRYAGAIN'] as const;

export function isRedirection(error: unknown): boolean {
  return REDIRECTIONS.some((code) => isReply(error, code));
}

/**
 * Whether the server has answered that it does not do a command: no memory (OOM), no permission, a key of another type,
 * a read-only replica, too few replicas. For a queue, such a server is away: what it does answer is of no use.
 */
export function isRefusal(error: unknown): error is ErrorReply {
  return error instanceof ErrorReply && !isRedirection(error);
}

/** Says in the log what the server refuses. Its replies name commands and keys, and quote no message. */
export function refused(reply: ErrorReply): Error {
  return new Error(`Redis refuses messages: ${reply.message}`, { cause: reply });
}
