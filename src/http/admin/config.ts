import { z } from 'zod';
import { type DocumentPart, json, referTo } from '../docs/operation.ts';
import { done } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type ConfigParts = Readonly<{
  /** The configuration in effect, without anything that is or may be a secret. */
  explained: () => object;
}>;

const schemas = {
  ConfigInEffect: z.object({
    config: z.record(z.string(), z.unknown()).describe('As `webhook-receiver config` prints it.'),
  }),
};
export type ConfigBody = z.output<typeof schemas.ConfigInEffect>;

/** `GET /admin/config`: the configuration in effect, as of the last reload. */
export function addConfigEndpoint(add: AddEndpoint, { explained }: ConfigParts): void {
  add('GET /admin/config', {}, async () => {
    // As JSON has it: functions of the config file are left out.
    const body: ConfigBody = { config: JSON.parse(JSON.stringify(explained())) };
    return done(body);
  });
}

export const configDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/config': {
      get: adminOperation({
        operationId: 'getConfig',
        summary: 'The configuration in effect, without secrets',
        replies: { '200': json('As of the last reload.', referTo(schemas)('ConfigInEffect')) },
      }),
    },
  },
};
