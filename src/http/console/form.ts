import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Refusal, refuse } from '../admin/answer.ts';
import { collectBody } from '../admin/body.ts';

/** The fields of a form by name; of several of one name the first. */
export type Form = Readonly<Record<string, string>>;

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Reads the form of a request. */
export async function readForm(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<
  Readonly<{ kind: 'form'; form: Form; all: URLSearchParams }> | Refusal | Readonly<{ kind: 'aborted' }>
> {
  if (!FORM_TYPE.test(request.headers['content-type'] ?? '')) {
    return refuse('unsupported_media_type', 'The console takes forms: application/x-www-form-urlencoded.');
  }
  const read = await collectBody(request, response);
  if (read.kind !== 'bytes') return read;
  const all = new URLSearchParams(Buffer.from(read.bytes).toString());
  return { kind: 'form', form: firstOf(all), all };
}

/** The first value of each name. */
export function firstOf(fields: URLSearchParams): Form {
  const form: Record<string, string> = Object.create(null);
  for (const [name, value] of fields) form[name] ??= value;
  return form;
}
