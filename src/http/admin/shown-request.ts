import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { Actor } from '../../domain/audit.ts';
import { mayActAs } from '../../domain/role.ts';
import type { Shown } from '../../ingest/mask.ts';
import { REDACTED } from '../../ingest/redact.ts';
import { type Refusal, refuse } from './answer.ts';

/** What an endpoint answers of a request: members of its schema. */
export const shownRequestShape = {
  headers: z
    .array(z.array(z.string()))
    .nullable()
    .describe('Name and value, as sent; what may not be shown is `[redacted]`.'),
  body: z.string().nullable().describe('What may not be shown is `[redacted]`.'),
  body_encoding: z.enum(['utf8', 'base64']).nullable(),
};

/** `?reveal=` of an endpoint that shows a request. */
export const revealQuery = {
  schema: z.strictObject({
    reveal: z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true')
      .meta({
        type: 'boolean',
        description: 'Also credentials, and what the source masks. Takes the role operator, and is audited.',
      }),
  }),
  asks: 'Ask with ?reveal=true for what is masked, or without a query.',
};

/** How much the caller is shown: a viewer the shape alone, and nobody all of it who does not ask for it. */
export function shownTo(role: Actor['role'], reveal: boolean): Shown | Refusal {
  const shown = shownUnasked(role);
  if (!reveal) return shown;
  if (shown === 'unmasked') return 'revealed';
  return refuse('forbidden', `?reveal=true takes the role operator; the token has ${role}.`);
}

/** How much the caller is shown who does not ask for what is masked. */
export function shownUnasked(role: Actor['role']): 'shape' | 'unmasked' {
  return role !== 'system' && mayActAs(role, 'operator') ? 'unmasked' : 'shape';
}

/** A text that may quote a request, or what was answered to it. */
export function shownError<Text extends string | null>(text: Text, shown: Shown): Text | typeof REDACTED {
  return shown === 'shape' && text !== null ? REDACTED : text;
}

type ShownRequest = Readonly<{ headers: readonly string[]; body: Uint8Array | null }>;

/** @param request null if nothing of it is kept */
export function shownRequest(request: ShownRequest | null): z.output<z.ZodObject<typeof shownRequestShape>> {
  if (request === null) return { headers: null, body: null, body_encoding: null };
  const { headers, body } = request;
  const encoding = body === null ? null : isUtf8(body) ? 'utf8' : 'base64';
  return {
    headers: Array.from({ length: headers.length / 2 }, (_, i) => [headers[2 * i]!, headers[2 * i + 1]!]),
    body: body === null ? null : Buffer.from(body).toString(encoding ?? 'utf8'),
    body_encoding: encoding,
  };
}
