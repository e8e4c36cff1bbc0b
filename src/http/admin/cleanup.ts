import { z } from 'zod';
import type { CleanupStore } from '../../store/store.ts';
import { type DocumentPart, json, referTo } from '../docs/operation.ts';
import { time, timeText } from '../schemas.ts';
import { done } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type CleanupParts = Readonly<{ store: Pick<CleanupStore, 'confirmCleanups'> }>;

const schemas = {
  CleanupConfirmed: z.object({ confirmed_at: time.describe('The time that was confirmed.') }),
};
const ref = referTo(schemas);

/** Clean-ups that are held because the clock is far ahead: an operator confirms that it is right. */
export function addCleanupEndpoints(add: AddEndpoint, { store }: CleanupParts): void {
  add('POST /admin/cleanup/confirm', {}, async ({ audit }) => {
    // The row and what it tells of have one time.
    const entry = audit('clean-ups');
    await store.confirmCleanups(entry.atMs, entry);
    const body: z.output<typeof schemas.CleanupConfirmed> = { confirmed_at: timeText(entry.atMs) };
    return done(body);
  });
}

export const cleanupDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/cleanup/confirm': {
      post: adminOperation({
        operationId: 'confirmCleanup',
        summary: 'Confirm that the clock is right: clean-ups that are held run again',
        replies: {
          '200': json('The next clean-up deletes what is older than its retention.', ref('CleanupConfirmed')),
        },
      }),
    },
  },
};
