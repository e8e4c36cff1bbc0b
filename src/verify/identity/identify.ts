import { hash } from 'node:crypto';
import { type Scope, scopeOf } from '../read/scope.ts';
import { type SignedRequest, viewOf } from '../read/signed-request.ts';
import { type CompiledTemplate, compileTemplate } from '../read/template.ts';
import type { Template } from '../scheme.ts';
import { SchemeError } from '../scheme-error.ts';

export type Identity = Readonly<{ idempotencyKey: string; eventType: string; replayKey: string | null }>;

/** Of each list the first counts whose locators are all there. */
export type IdentityRules = Readonly<{
  idempotencyKey: readonly Template[];
  eventType: readonly Template[];
  replayKey?: Template | readonly Template[];
}>;

const LONGEST = 255;

/**
 * Names a request. Never throws for what is in the request: a key that cannot be read is `sha256:` and the hex of the
 * body's hash (of a request without a body: of method and URL), a type that cannot is `unknown`. Lists (`*`) are joined by commas, in a type each of its items once; keys beyond 255 characters become
 * `sha256:` and the hex of their hash.
 * @throws SchemeError if a template of the rules is wrong
 */
export function identify(rules: IdentityRules, request: SignedRequest, receivedAtMs: number): Identity {
  const compiled = compiledRules(rules);
  const scope = scopeOf(viewOf(request), {});
  scope.receivedAtMs = receivedAtMs;
  const { view } = scope;
  if (view.body.length === 0) scope.bodyHash = hashOfBodiless(view);
  const key = firstText(compiled.idempotencyKey, scope);
  const type = firstText(compiled.eventType, scope, 'distinct');
  const replay = firstText(compiled.replayKey, scope);
  return {
    idempotencyKey: key === null ? `sha256:${scope.bodyHash ?? view.bodySha256Hex}` : boundedKey(key),
    eventType: type === null ? 'unknown' : boundedType(type),
    replayKey: replay === null ? null : boundedKey(replay),
  };
}

/** What stands for the hash of no body, of which all requests without one would be one event. */
function hashOfBodiless({ method, url }: SignedRequest): string {
  return hash('sha256', `${method}\n${url}\n`, 'hex');
}

type CompiledRules = Readonly<Record<keyof IdentityRules, readonly CompiledTemplate[]>>;

/** Rules are few and live as long as their source: templates are taken apart for the first request only. */
const known = new WeakMap<IdentityRules, CompiledRules>();

function compiledRules(rules: IdentityRules): CompiledRules {
  let compiled = known.get(rules);
  if (compiled === undefined) {
    const { replayKey = [] } = rules;
    compiled = {
      idempotencyKey: rules.idempotencyKey.map(compile),
      eventType: rules.eventType.map(compile),
      replayKey: (typeof replayKey === 'string' ? [replayKey] : replayKey).map(compile),
    };
    known.set(rules, compiled);
  }
  return compiled;
}

function compile(template: Template): CompiledTemplate {
  const compiled = compileTemplate(template);
  if (!compiled.ok) throw new SchemeError([compiled.problem]);
  return compiled.value;
}

function firstText(
  templates: readonly CompiledTemplate[],
  scope: Scope,
  lists: 'whole' | 'distinct' = 'whole',
): string | null {
  for (const template of templates) {
    const text = template.text(scope, lists);
    if (text !== null && text !== '') return text;
  }
  return null;
}

function boundedKey(key: string): string {
  // The hash is of UTF-16, in which every text is another: UTF-8 has one replacement for all broken characters.
  return isStorable(key) ? key : `sha256:${hash('sha256', Buffer.from(key, 'utf16le'), 'hex')}`;
}

function isStorable(text: string): boolean {
  return (
    text.length <= 2 * LONGEST &&
    text.isWellFormed() &&
    !text.includes('\0') &&
    countCharacters(text) <= LONGEST
  );
}

function countCharacters(text: string): number {
  return text.length <= LONGEST ? text.length : Array.from(text).length;
}

function boundedType(type: string): string {
  const cut =
    type.length <= LONGEST
      ? type
      : Array.from(type.slice(0, 2 * LONGEST))
          .slice(0, LONGEST)
          .join('');
  return cut.replaceAll('\0', '\ufffd').toWellFormed();
}
