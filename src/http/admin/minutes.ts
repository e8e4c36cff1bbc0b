import { z } from 'zod';
import { type DocumentPart, json, referTo } from '../docs/operation.ts';
import { time, timeText } from '../schemas.ts';
import { done } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

type Counts = Readonly<{ minuteMs: number; accepted: number; rejected: number; failed: number }>;

export type MinuteParts = Readonly<{ minutes: () => readonly Counts[] }>;

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

/** `GET /admin/minutes`: what this process counted in each of the last sixty minutes. */
export function addMinuteEndpoints(add: AddEndpoint, { minutes }: MinuteParts): void {
  add('GET /admin/minutes', {}, async () => {
    const body: MinutesBody = {
      minutes: minutes().map(({ minuteMs, ...counts }) => ({ from: timeText(minuteMs), ...counts })),
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
        summary: 'What this process counted in each of the last sixty minutes, oldest first',
        replies: { '200': json('Since its start.', referTo(schemas)('Minutes')) },
      }),
    },
  },
};
