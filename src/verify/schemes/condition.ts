import type { Verdict } from '../outcome.ts';
import type { RequestView } from '../read/signed-request.ts';
import type { Condition } from '../scheme.ts';
import { refuse } from './compiled-scheme.ts';

/** The secrets that a scheme applies to. */
export function secretsFor(condition: Condition | undefined, secrets: readonly string[]): readonly string[] {
  const { secretPrefix, noSecretPrefix } = condition ?? {};
  return secrets.filter(
    (secret) =>
      (secretPrefix === undefined || secret.startsWith(secretPrefix)) &&
      (noSecretPrefix === undefined || !secret.startsWith(noSecretPrefix)),
  );
}

/** Null if the scheme applies to this request. */
export function judgeCondition(condition: Condition, view: RequestView): Verdict | null {
  const { header, noHeader, query, noQuery, contentType, notContentType } = condition;
  if (header !== undefined && !view.hasHeader(header.toLowerCase())) {
    return refuse('missing_signature', `There is no header ${header}.`);
  }
  if (noHeader !== undefined && isThere(view, noHeader.toLowerCase())) {
    return refuse('no_scheme', `There is a header ${noHeader}.`);
  }
  if (query !== undefined && !view.query.has(query)) return refuse('no_scheme', `The URL has no ${query}.`);
  if (noQuery !== undefined && view.query.has(noQuery)) return refuse('no_scheme', `The URL has ${noQuery}.`);
  if (contentType !== undefined && !contentType.includes(view.mediaType)) {
    return refuse('no_scheme', `The content type is none of ${contentType.join(', ')}.`);
  }
  if (notContentType?.includes(view.mediaType) === true) {
    return refuse('no_scheme', `The content type is one of ${notContentType.join(', ')}.`);
  }
  return null;
}

/** `svix-*` is any header with that prefix. */
function isThere(view: RequestView, name: string): boolean {
  return name.endsWith('*') ? view.headersBeginning(name.slice(0, -1)).length > 0 : view.hasHeader(name);
}
