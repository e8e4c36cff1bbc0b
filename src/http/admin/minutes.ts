import { z } from 'zod';
import type { MinuteCounts } from '../../domain/minute.ts';
import { type DocumentPart, json, referTo } from '../docs/operation.ts';
import { time, timeText } from '../schemas.ts';
import { done } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type MinuteParts = Readonly<{
  /** Of all processes, the last sixty minutes, oldest first. */
  minutes: () => Promise<readonly MinuteCounts[]>;
}>;

const schemas = {
  Minutes: z.object({
    minutes: z.array(
      z.object({
        from: time,
        accepted: z.int().min(0).describe('Events that were accepted.'),
        rejected: z.int().min(0).describe('Requests that were not verified.'),
        failed: z.int().min(0).describe('Deliveries that were given up.'),
      }),
    ),
  }),
};
export type MinutesBody = z.output<typeof schemas.Minutes>;

/** `GET /admin/minutes`: what was counted in each of the last sixty minutes, of all nodes together. */
export function addMinuteEndpoints(add: AddEndpoint, { minutes }: MinuteParts): void {
  add('GET /admin/minutes', {}, async () => {
    const body: MinutesBody = {
      minutes: (await minutes()).map(({ minuteMs, ...counts }) => ({ from: timeText(minuteMs), ...counts })),
    };
    return done(body);
  });
}

export const minuteDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/minutes': {
      get: adminOperation({
        operationId: 'listMinutes',
        summary: 'What was counted in each of the last sixty minutes, of all nodes together, oldest first',
        replies: { '200': json('Of other nodes up to ten seconds ago.', referTo(schemas)('Minutes')) },
      }),
    },
  },
};
