import { z } from 'zod';
import type { Clock } from '../../runtime/clock.ts';
import type { AuditStore } from '../../store/store.ts';
import { CODE_MS, type OneTimeCodes } from '../console/one-time-codes.ts';
import { type DocumentPart, json, referTo } from '../docs/operation.ts';
import { time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type ConsoleLinkParts = Readonly<{
  store: Pick<AuditStore, 'appendAudit'>;
  codes: OneTimeCodes;
  clock: Clock;
}>;

const schemas = {
  ConsoleLink: z.object({
    path: z.string().describe('To be opened in a browser, once, at the same address as this endpoint.'),
    expires_at: time,
  }),
};

/** `POST /admin/console-link`: a link that opens the console once, in the name of the caller. */
export function addConsoleLinkEndpoints(add: AddEndpoint, { store, codes, clock }: ConsoleLinkParts): void {
  add('POST /admin/console-link', {}, async ({ actor, audit }) => {
    const { name, role } = actor;
    if (role === 'system') return refuse('forbidden', 'A link is for the holder of a token.');
    // Before the code is out: nobody enters by a link of which the audit does not say so.
    await store.appendAudit(audit(name));
    const body: z.output<typeof schemas.ConsoleLink> = {
      path: `/console/enter?code=${codes.issue({ name, role })}`,
      expires_at: timeText(clock.nowMs() + CODE_MS),
    };
    return done(body);
  });
}

export const consoleLinkDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/console-link': {
      post: adminOperation({
        operationId: 'createConsoleLink',
        summary: 'A link that opens the console once, within five minutes',
        replies: { '200': json('The link.', referTo(schemas)('ConsoleLink')) },
      }),
    },
  },
};
