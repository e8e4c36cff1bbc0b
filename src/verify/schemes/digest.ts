import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { digestAs } from '../read/decode.ts';
import type { CompiledTemplate } from '../read/template.ts';
import type { DigestScheme } from '../scheme.ts';
import { refuse, type SchemeInputs, type SchemeOutcome, wrong } from './compiled-scheme.ts';
import { compileTemplates, refuseSignature, refuseUnsignable } from './hmac.ts';
import { sameText } from './same-text.ts';
import { compileSigned, type Judge } from './signed.ts';

/** A plain digest of a text that contains the secret. */
export function compileDigest(scheme: DigestScheme, inputs: SchemeInputs): SchemeOutcome {
  if (inputs.secrets.length === 0) return { kind: 'passed-over', problem: 'a secret is missing' };
  const templates = compileTemplates(scheme.signed);
  if (!templates.ok) return wrong(templates.problem);
  // Without the secret in it, anyone can compute the digest.
  const open = templates.value.find((one) => !one.words.includes('secret'));
  if (open !== undefined)
    return wrong(`signed "${open.template}" has no {secret}, anyone could compute its digest`);
  const encoding = scheme.sig.enc ?? 'hex';
  const judge: Judge = (scope, candidates) => {
    let isSignable = false;
    let isExtended = false;
    for (const secret of inputs.secrets) {
      scope.secret = secret;
      for (const template of templates.value) {
        const pieces = template.pieces(scope);
        if (pieces === null) continue;
        if (isExtendable(template) && !pieces.every((piece) => isUtf8(piece))) {
          isExtended = true;
          continue;
        }
        isSignable = true;
        const digest = createHash(scheme.hash ?? 'sha256');
        for (const piece of pieces) digest.update(piece);
        const expected = digestAs(digest, encoding);
        if (candidates.some((candidate) => sameText(candidate, expected))) return { ok: true };
      }
    }
    if (isSignable) return refuseSignature(candidates, encoding);
    return isExtended ? NO_TEXT : refuseUnsignable(templates.value);
  };
  const compiled = compileSigned(scheme, inputs, judge);
  return compiled.ok ? { kind: 'ready', check: compiled.value } : wrong(compiled.problem);
}

/**
 * Whether the digest of one text lets an attacker without the secret compute that of a longer one (length extension): the
 * text, the padding of the hash, and anything. The padding begins with the byte 0x80, which is never valid UTF-8 after
 * UTF-8 text. With the secret at the end nothing can be appended.
 */
function isExtendable({ template }: CompiledTemplate): boolean {
  return !template.endsWith('{secret}');
}

const NO_TEXT = refuse(
  'malformed_body',
  'What is signed is not UTF-8, and a plain digest of the secret and other bytes could be made by anyone who saw one.',
);
