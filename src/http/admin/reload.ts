import { z } from 'zod';
import { RELOAD_TARGET, type Reload, type ReloadOutcome } from '../../domain/reload.ts';
import { type DocumentPart, json, referTo } from '../docs/operation.ts';
import { done, refuse } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type ReloadEndpointParts = Readonly<{ reload: Reload }>;

const schemas = {
  Reloaded: z.object({
    digest: z.string().describe('Equal on all nodes with the same configuration in effect.'),
    changes: z
      .array(z.string())
      .describe('What differs from the configuration before, such as `changed sources.github.secrets[0]`.'),
    needs_restart: z
      .array(z.string())
      .describe('Settings and files of modules whose new value takes effect with a restart.'),
  }),
};
const ref = referTo(schemas);

/** Reads the configuration again, as a start does, and lets it take effect without a restart. */
export function addReloadEndpoints(add: AddEndpoint, { reload }: ReloadEndpointParts): void {
  const target = RELOAD_TARGET;
  add('POST /admin/reload', {}, async ({ actor }) => {
    const outcome = await reload(actor);
    switch (outcome.kind) {
      case 'applied':
        return done(reloadedBody(outcome));
      case 'mistaken':
        return refuse('config_invalid', outcome.message, { target });
      case 'not_reloadable':
        return refuse(
          'not_reloadable',
          'A program has given this receiver its configuration; there is no file to read again.',
          { target },
        );
      case 'stopping':
        return refuse('shutting_down', 'The receiver stops; the next start reads the configuration.', {
          target,
        });
    }
  });
}

function reloadedBody(
  outcome: Extract<ReloadOutcome, { kind: 'applied' }>,
): z.output<typeof schemas.Reloaded> {
  const { digest, changes, needsRestart } = outcome;
  return { digest, changes: [...changes], needs_restart: [...needsRestart] };
}

export const reloadDocument: DocumentPart = {
  schemas,
  paths: {
    '/admin/reload': {
      post: adminOperation({
        operationId: 'reload',
        summary: 'Read the configuration and its secrets again, and let them take effect',
        replies: { '200': json('The configuration is in effect.', ref('Reloaded')) },
        problems: ['config_invalid', 'not_reloadable', 'shutting_down'],
      }),
    },
  },
};
