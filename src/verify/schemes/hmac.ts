import { createHmac, type KeyObject } from 'node:crypto';
import type { Verdict } from '../outcome.ts';
import { digestAs, ENCODING_WORDS, looksEncoded } from '../read/decode.ts';
import { type Compiled, compileLocator, type LocatorKind } from '../read/locate.ts';
import type { Scope } from '../read/scope.ts';
import { type CompiledTemplate, compileTemplate, feed } from '../read/template.ts';
import type { Encoding, Hash, HmacScheme } from '../scheme.ts';
import { refuse, type SchemeInputs, type SchemeOutcome, wrong } from './compiled-scheme.ts';
import { makeKey } from './key-rule.ts';
import { sameText } from './same-text.ts';
import { compileSigned, type Judge } from './signed.ts';

/** HMAC of a text, keyed with the secret. */
export function compileHmac(scheme: HmacScheme, inputs: SchemeInputs): SchemeOutcome {
  if (inputs.secrets.length === 0) return { kind: 'passed-over', problem: 'a secret is missing' };
  const keys: KeyObject[] = [];
  for (const secret of inputs.secrets) {
    const key = makeKey(secret, scheme.key ?? {});
    if (!key.ok) return wrong(key.problem);
    keys.push(key.value);
  }
  const templates = compileTemplates(scheme.signed ?? '{body}');
  if (!templates.ok) return wrong(templates.problem);
  const bodyHash = scheme.bodyHashQuery === undefined ? null : compileBodyHash(scheme.bodyHashQuery);
  if (bodyHash?.ok === false) return wrong(bodyHash.problem);
  const judgeMac = macJudge(
    keys,
    templates.value,
    scheme.hash ?? 'sha256',
    scheme.sig.enc ?? 'hex',
    inputs.secrets,
  );
  const check = bodyHash?.value;
  const judge: Judge =
    check === undefined ? judgeMac : (scope, candidates) => check(scope) ?? judgeMac(scope, candidates);
  const compiled = compileSigned(scheme, inputs, judge);
  return compiled.ok ? { kind: 'ready', check: compiled.value } : wrong(compiled.problem);
}

/** One template or several. */
export function compileTemplates(
  templates: string | readonly string[],
): Compiled<readonly CompiledTemplate[]> {
  const compiled: CompiledTemplate[] = [];
  for (const template of typeof templates === 'string' ? [templates] : templates) {
    const one = compileTemplate(template);
    if (!one.ok) return one;
    compiled.push(one.value);
  }
  if (compiled.length === 0) return { ok: false, problem: 'signed has no template' };
  return { ok: true, value: compiled };
}

function macJudge(
  keys: readonly KeyObject[],
  templates: readonly CompiledTemplate[],
  hash: Hash,
  encoding: Encoding,
  secrets: readonly string[],
): Judge {
  return (scope, candidates) => {
    let isSignable = false;
    for (let i = 0; i < keys.length; i++) {
      scope.secret = secrets[i]!;
      for (const template of templates) {
        const mac = createHmac(hash, keys[i]!);
        if (!feed(template, scope, mac)) continue;
        isSignable = true;
        // Comparing texts, not bytes, leaves no second way to write the same signature.
        const expected = digestAs(mac, encoding);
        if (candidates.some((candidate) => sameText(candidate, expected))) return { ok: true };
      }
    }
    return isSignable ? refuseSignature(candidates, encoding) : refuseUnsignable(templates);
  };
}

/** A wrong signature or one that is none. */
export function refuseSignature(candidates: readonly string[], encoding: Encoding): Verdict {
  if (candidates.some((candidate) => looksEncoded(candidate, encoding))) {
    return refuse('wrong_signature', 'The signature is not that of this request with this secret.');
  }
  return refuse('malformed_signature', `The signature is not ${ENCODING_WORDS[encoding]}.`);
}

const BODY_KINDS: ReadonlySet<LocatorKind> = new Set<LocatorKind>(['body', 'form', 'item']);

/** Something that is signed is not there. */
export function refuseUnsignable(templates: readonly CompiledTemplate[]): Verdict {
  const signed = templates.map((one) => `"${one.template}"`).join(' or ');
  const readsBody = templates.some(
    (one) => one.words.includes('form_sorted') || one.readers.some(({ kind }) => BODY_KINDS.has(kind)),
  );
  const reason = readsBody ? 'malformed_body' : 'malformed_signature';
  return refuse(reason, `A part of what is signed, ${signed}, is not in the request.`);
}

/** The hash of an empty body is, by Twilio's senders, that of an empty object. */
const EMPTY_BODY_SHA256 = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

function compileBodyHash(name: string): Compiled<(scope: Scope) => Verdict | null> {
  const reader = compileLocator(`query:${name}`);
  if (!reader.ok) return reader;
  const check = (scope: Scope): Verdict | null => {
    const given = reader.value.one(scope);
    if (given === null) return refuse('missing_signature', `The URL has no ${name} with the body's hash.`);
    const { view } = scope;
    const expected = view.body.length === 0 ? EMPTY_BODY_SHA256 : view.bodySha256Hex;
    return sameText(given, expected)
      ? null
      : refuse('wrong_signature', `${name} is not the hash of this body.`);
  };
  return { ok: true, value: check };
}
