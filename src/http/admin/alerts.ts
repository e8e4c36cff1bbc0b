import { z } from 'zod';
import { ALERT_KINDS, type AlertDesk, type AlertState, alertIdOf } from '../../domain/alert.ts';
import { type DocumentPart, json, pathParameter, referTo } from '../docs/operation.ts';
import { time, timeText } from '../schemas.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type AlertParts = Readonly<{
  alerts: AlertDesk;
}>;

const alertSchema = z.object({
  id: z.string(),
  kind: z.enum(ALERT_KINDS),
  subject: z.string().describe('What it is about: a destination, a source, or a failure group.'),
  state: z.enum(['on', 'over']),
  message: z.string(),
  since: time,
  over_at: time.nullable(),
  acked_by: z.string().nullable().describe('Who takes care of it.'),
  command: z.string().describe('The command that shows more.'),
  page: z.string().describe('The page of the console that shows more, below `/console/`.'),
});

const schemas = {
  Alert: alertSchema,
  Alerts: z.object({ alerts: z.array(alertSchema) }),
  AlertTest: z.object({ destinations: z.array(z.string()) }),
};
export type Alerts = z.output<typeof schemas.Alerts>;
export type AlertBody = z.output<typeof schemas.Alert>;
const ref = referTo(schemas);

/** What an operator should know of. */
export function addAlertEndpoints(add: AddEndpoint, { alerts }: AlertParts): void {
  add('GET /admin/alerts', {}, async () => {
    const body: z.output<typeof schemas.Alerts> = { alerts: (await alerts.list()).map(alertBody) };
    return done(body);
  });
  add('POST /admin/alerts/:id/ack', {}, async ({ params, audit }) => {
    const acked = await alerts.ack(params.id!, audit(params.id!));
    return acked === null ? refuse('not_found', 'There is no alert of that id.') : done(alertBody(acked));
  });
  add('POST /admin/alerts/test', {}, async ({ audit }) => {
    const body: z.output<typeof schemas.AlertTest> = {
      destinations: [...(await alerts.test(audit('alerts')))],
    };
    return done(body, 202);
  });
}

function alertBody(state: AlertState): z.output<typeof alertSchema> {
  return {
    id: alertIdOf(state),
    kind: state.kind,
    subject: state.subject,
    state: state.isOn ? 'on' : 'over',
    message: state.message,
    since: timeText(state.sinceMs),
    over_at: state.overAtMs === null ? null : timeText(state.overAtMs),
    acked_by: state.ackedBy,
    command: state.command,
    page: state.page,
  };
}

export const alertDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/alerts': {
      get: adminOperation({
        operationId: 'listAlerts',
        summary: 'Alerts: those that are on, and the latest that are over',
        replies: { '200': json('The alerts.', ref('Alerts')) },
      }),
    },
    '/admin/alerts/{id}/ack': {
      post: adminOperation({
        operationId: 'ackAlert',
        summary: 'Acknowledge an alert: somebody takes care of it',
        parameters: [pathParameter('id', 'The id of the alert.')],
        replies: { '200': json('The alert.', ref('Alert')) },
        problems: ['not_found'],
      }),
    },
    '/admin/alerts/test': {
      post: adminOperation({
        operationId: 'testAlerts',
        summary: 'Send a test to the destinations of alerts',
        replies: { '202': json('The destinations that get it.', ref('AlertTest')) },
      }),
    },
  },
};
