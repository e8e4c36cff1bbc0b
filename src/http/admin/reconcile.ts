import { Readable } from 'node:stream';
import { z } from 'zod';
import { messageOf } from '../../domain/errors.ts';
import { readTime, resolveTime, TIME_TAKES } from '../../filter/filter-time.ts';
import { RECONCILABLE, type Reconcile } from '../../reconcile/reconcile.ts';
import type { Step } from '../../reconcile/run.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type DocumentPart, jsonBody, pathParameter } from '../docs/operation.ts';
import { timeText } from '../schemas.ts';
import { refuse, stream } from './answer.ts';
import type { AddEndpoint } from './endpoint.ts';
import { adminOperation } from './operation.ts';

export type ReconcileEndpointParts = Readonly<{ reconcile: Reconcile; clock: Clock }>;

const bodySchema = z.strictObject({
  provider: z.enum(RECONCILABLE),
  since: z
    .string()
    .refine((text) => readTime(text) !== null, TIME_TAKES)
    .default('3d')
    .describe('How far to look back: `3d`, or a time.'),
  apply: z.boolean().default(false).describe('Fetch what is missing; otherwise only count it.'),
  hook: z.string().max(256).optional().describe("GitHub's webhook, as OWNER/REPO/ID or ORG/ID."),
});

const NDJSON = 'application/x-ndjson';

/** `POST /admin/sources/{name}/reconcile`: compares a source with what its provider says it sent. */
export function addReconcileEndpoints(add: AddEndpoint, { reconcile, clock }: ReconcileEndpointParts): void {
  const asks = 'Send "provider", and if wanted "since", "apply" and "hook".';
  add(
    'POST /admin/sources/:name/reconcile',
    { body: { schema: bodySchema, asks } },
    async ({ actor, params, body }) => {
      const nowMs = clock.nowMs();
      const gone = new AbortController();
      const { provider, apply, hook = null } = body;
      const span = { sinceMs: resolveTime(readTime(body.since)!, nowMs), untilMs: nowMs };
      const order = { source: params.name!, provider, ...span, apply, hook, actor };
      const begun = reconcile(order, gone.signal);
      if (begun.kind === 'refused') return refuse(begun.code, begun.detail);
      const lines = Readable.from(linesOf(begun.steps, gone.signal));
      // Nobody reads any more: what is under way ends after its step.
      lines.once('close', () => gone.abort());
      return stream(NDJSON, lines);
    },
  );
}

/** Lines of JSON: `progress`, and at the end `end`, or `error`. */
async function* linesOf(steps: AsyncGenerator<Step>, signal: AbortSignal): AsyncGenerator<string> {
  try {
    for await (const { counts, sinceMs, untilMs, isLast } of steps) {
      const facts = { ...counts, since: timeText(sinceMs), until: timeText(untilMs) };
      yield `${JSON.stringify(isLast ? { end: facts } : { progress: facts })}\n`;
    }
  } catch (error) {
    if (!signal.aborted) yield `${JSON.stringify({ error: { detail: messageOf(error) } })}\n`;
  }
}

export const reconcileDocument: DocumentPart = {
  schemas: {},
  paths: {
    '/admin/sources/{name}/reconcile': {
      post: adminOperation({
        operationId: 'reconcileSource',
        summary: 'Compare a source with what its provider says it sent, and fetch what is missing',
        parameters: [pathParameter('name', 'Name of the source.')],
        requestBody: jsonBody(bodySchema),
        replies: {
          '200': {
            description:
              'A line of JSON for the progress, and one at the end: `end` with the counts, or `error` with its detail. It ends when the client closes the connection.',
            content: { [NDJSON]: { schema: { type: 'string' } } },
          },
        },
        problems: ['unknown_source', 'malformed_json', 'too_large', 'unsupported_media_type', 'overloaded'],
      }),
    },
  },
};
