import { hash } from 'node:crypto';
import type { KeyTemplate, RetryMark } from '../provider.ts';
import { compileSignature, type SignatureReader } from '../read/parse-signature.ts';
import { type Scope, scopeOf } from '../read/scope.ts';
import { type SignedRequest, viewOf } from '../read/signed-request.ts';
import { type CompiledTemplate, compileTemplate, type Lists } from '../read/template.ts';
import type { SignatureRule, Template } from '../scheme.ts';
import { SchemeError } from '../scheme-error.ts';
import { type CompiledKey, compileKey, compileMark, readKey, readMark } from './key-template.ts';

export type Identity = Readonly<{
  idempotencyKey: string;
  eventType: string;
  replayKey: string | null;
  /** `id`: an id that the sender gave. `body`: the sender gave none, and equal bodies have equal keys. */
  madeOf: 'id' | 'body';
  /**
   * For how long the same key means the same event. Null: for as long as the event is kept. 0: never, since equal
   * bodies alone prove no retry.
   */
  windowSeconds: number | null;
  /** Keys that an earlier version gave the same event, under which a retry may still be found. */
  formerKeys: readonly string[];
}>;

/** Of each list the first template counts whose locators are all there. */
export type IdentityRules = Readonly<{
  idempotencyKey: readonly KeyTemplate[];
  /** For events without an id; without a mark that applies, every request is a new event. */
  marks?: readonly RetryMark[];
  eventType: readonly Template[];
  replayKey?: Template | readonly Template[];
  /** How to take the signature header apart, where `replayKey` names a part of it (`{sig:t}`). */
  replaySignature?: SignatureRule;
  formerKeys?: Readonly<{ of: readonly KeyTemplate[]; seconds: number }>;
}>;

const KEY_CHARS_MAX = 255;
/** A mark leaves room for the `~<n>` of later events. */
const MARK_CHARS_MAX = 240;

/**
 * Names a request. Never throws for what is in the request.
 *
 * The key is the provider's id (`madeOf: 'id'`), else a mark, else `sha256:` and the hex of the body's hash, which
 * suppresses nothing (`windowSeconds: 0`); a request without a body is hashed by method and URL. A type that cannot be
 * read is `unknown`. Lists (`*`) are joined by commas, in a type each item once. A key with a list applies only if every
 * item of the list has its value. Keys beyond 255 characters become `sha256:` and the hex of their hash.
 * @throws SchemeError if a template of the rules is wrong
 */
export function identify(rules: IdentityRules, request: SignedRequest, receivedAtMs: number): Identity {
  const compiled = compiledRules(rules);
  const scope = scopeOf(viewOf(request), {});
  scope.receivedAtMs = receivedAtMs;
  const { view } = scope;
  if (view.body.length === 0) scope.bodyHash = hashOfBodiless(view);
  const type = firstText(compiled.eventType, scope, 'distinct');
  const key = keyOf(compiled, scope);
  return {
    ...key,
    eventType: type === null ? 'unknown' : boundedType(type),
    replayKey: replayKeyOf(compiled, scope),
    // A key that has not changed is looked up as it is, within its own window.
    formerKeys: formerKeysOf(compiled, scope).filter((former) => former !== key.idempotencyKey),
  };
}

function keyOf(
  { idempotencyKey, marks }: CompiledRules,
  scope: Scope,
): Pick<Identity, 'idempotencyKey' | 'madeOf' | 'windowSeconds'> {
  for (const key of idempotencyKey) {
    const text = readKey(key, scope);
    if (text === null) continue;
    const madeOf = key.madeOf;
    return { idempotencyKey: boundedKey(text, KEY_CHARS_MAX), madeOf, windowSeconds: key.holdsSeconds };
  }
  for (const mark of marks) {
    const text = readMark(mark, scope);
    if (text === null) continue;
    const { windowSeconds } = mark;
    return { idempotencyKey: boundedKey(text, MARK_CHARS_MAX), madeOf: 'body', windowSeconds };
  }
  const bodyHash = scope.bodyHash ?? scope.view.bodySha256Hex;
  return { idempotencyKey: `sha256:${bodyHash}`, madeOf: 'body', windowSeconds: 0 };
}

function replayKeyOf({ replayKey, signature }: CompiledRules, scope: Scope): string | null {
  if (replayKey.length === 0) return null;
  if (signature !== null) {
    const parsed = signature(scope);
    if (parsed.kind === 'groups') scope.pairs = parsed.groups.flatMap(({ pairs }) => pairs);
  }
  const text = firstText(replayKey, scope, 'whole');
  return text === null ? null : boundedKey(text, KEY_CHARS_MAX);
}

function formerKeysOf({ formerKeys }: CompiledRules, scope: Scope): readonly string[] {
  return formerKeys.flatMap((key) => {
    const text = readKey(key, scope);
    return text === null ? [] : boundedKey(text, KEY_CHARS_MAX);
  });
}

/** Stands for the hash of an empty body, under which all requests without a body would be one event. */
function hashOfBodiless({ method, url }: SignedRequest): string {
  return hash('sha256', `${method}\n${url}\n`, 'hex');
}

type CompiledRules = Readonly<{
  idempotencyKey: readonly CompiledKey[];
  marks: readonly ReturnType<typeof compileMark>[];
  eventType: readonly CompiledTemplate[];
  replayKey: readonly CompiledTemplate[];
  signature: SignatureReader | null;
  formerKeys: readonly CompiledKey[];
}>;

/** Rules are few and live as long as their source: their templates are compiled with the first request. */
const known = new WeakMap<IdentityRules, CompiledRules>();

function compiledRules(rules: IdentityRules): CompiledRules {
  let compiled = known.get(rules);
  if (compiled === undefined) {
    const { replayKey = [], marks = [], formerKeys, replaySignature } = rules;
    compiled = {
      idempotencyKey: rules.idempotencyKey.map(compileKey),
      marks: marks.map(compileMark),
      eventType: rules.eventType.map(compile),
      replayKey: [replayKey].flat().map(compile),
      signature: replaySignature === undefined ? null : compileReader(replaySignature),
      formerKeys: (formerKeys?.of ?? []).map(compileKey),
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

function compileReader(rule: SignatureRule): SignatureReader {
  const compiled = compileSignature(rule, {});
  if (!compiled.ok) throw new SchemeError([compiled.problem]);
  return compiled.value;
}

function firstText(templates: readonly CompiledTemplate[], scope: Scope, lists: Lists): string | null {
  for (const template of templates) {
    const text = template.text(scope, lists);
    if (text !== null && text !== '') return text;
  }
  return null;
}

function boundedKey(key: string, charsMax: number): string {
  // The hash is of UTF-16, in which every text is another: UTF-8 has one replacement for all broken characters.
  return isStorable(key, charsMax) ? key : `sha256:${hash('sha256', Buffer.from(key, 'utf16le'), 'hex')}`;
}

function isStorable(text: string, charsMax: number): boolean {
  return (
    text.length <= 2 * charsMax &&
    text.isWellFormed() &&
    !text.includes('\0') &&
    countCharacters(text, charsMax) <= charsMax
  );
}

function countCharacters(text: string, charsMax: number): number {
  return text.length <= charsMax ? text.length : Array.from(text).length;
}

function boundedType(type: string): string {
  const cut =
    type.length <= KEY_CHARS_MAX
      ? type
      : Array.from(type.slice(0, 2 * KEY_CHARS_MAX))
          .slice(0, KEY_CHARS_MAX)
          .join('');
  return cut.replaceAll('\0', '\ufffd').toWellFormed();
}
