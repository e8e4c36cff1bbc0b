import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { DocumentPart } from '../docs/operation.ts';
import { replyProblem } from '../reply.ts';
import { type BlockedParts, blockedDocument, registerBlocked } from './blocked.ts';
import { type CleanupParts, cleanupDocument, registerCleanup } from './cleanup.ts';
import { type DeadLetterParts, deadLetterDocument, registerDeadLetters } from './dead-letters.ts';
import { type EventParts, eventDocument, registerEvents } from './events.ts';
import { type RejectedParts, registerRejected, rejectedDocument } from './rejected.ts';
import { registerSourceState, type SourceStateParts, sourceStateDocument } from './sources.ts';

export type AdminParts = EventParts &
  DeadLetterParts &
  RejectedParts &
  SourceStateParts &
  BlockedParts &
  CleanupParts &
  Readonly<{
    /** Opens the admin surface; with null none of its routes exist. */
    token: string | null;
  }>;

/** The admin surface: what operators may see and do beyond the public status. */
export function registerAdmin(api: FastifyInstance, parts: AdminParts): void {
  const { token } = parts;
  if (token === null) return;
  const isToken = compareWith(token);

  api.register(async (admin) => {
    admin.addHook('onRequest', async (request, reply) => {
      if (isToken(request.headers.authorization)) return;
      reply.header('www-authenticate', 'Bearer');
      return replyProblem(reply, 'unauthorized', 'Send Authorization: Bearer and the ADMIN_TOKEN.');
    });
    registerEvents(admin, parts);
    registerDeadLetters(admin, parts);
    registerBlocked(admin, parts);
    registerRejected(admin, parts);
    registerSourceState(admin, parts);
    registerCleanup(admin, parts);
  });
}

/** Compares digests, so that the time taken shows neither the content nor the length of the token. */
function compareWith(token: string): (header: string | undefined) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(token);
  return (header = '') => /^Bearer /i.test(header) && timingSafeEqual(digest(header.slice(7)), expected);
}

export const ADMIN_DOCUMENTS: readonly DocumentPart[] = [
  eventDocument,
  deadLetterDocument,
  blockedDocument,
  rejectedDocument,
  sourceStateDocument,
  cleanupDocument,
];
