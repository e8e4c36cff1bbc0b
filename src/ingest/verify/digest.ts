import { createHash } from 'node:crypto';
import { type SchemeInputs, type SchemeOutcome, wrong } from './compiled-scheme.ts';
import { encode } from './decode.ts';
import { compileTemplates, refuseSignature, refuseUnsignable } from './hmac.ts';
import { sameText } from './same-text.ts';
import type { DigestScheme } from './scheme.ts';
import { compileSigned, type Judge } from './signed.ts';
import { feed } from './template.ts';

/** A plain digest of a text that has the secret in it. */
export function compileDigest(scheme: DigestScheme, inputs: SchemeInputs): SchemeOutcome {
  if (inputs.secrets.length === 0) return { kind: 'passed-over', problem: 'a secret is missing' };
  const templates = compileTemplates(scheme.signed);
  if (!templates.ok) return wrong(templates.problem);
  // Without a secret in it everyone can compute the digest.
  const open = templates.value.find((one) => !one.words.includes('secret'));
  if (open !== undefined)
    return wrong(`signed "${open.template}" has no {secret}, anyone could compute its digest`);
  const encoding = scheme.sig.enc ?? 'hex';
  const judge: Judge = (scope, candidates) => {
    let isSignable = false;
    for (const secret of inputs.secrets) {
      scope.secret = secret;
      for (const template of templates.value) {
        const digest = createHash(scheme.hash ?? 'sha256');
        if (!feed(template, scope, digest)) continue;
        isSignable = true;
        const expected = encode(digest.digest(), encoding);
        if (candidates.some((candidate) => sameText(candidate, expected))) return { ok: true };
      }
    }
    return isSignable ? refuseSignature(candidates, encoding) : refuseUnsignable(templates.value);
  };
  const compiled = compileSigned(scheme, inputs, judge);
  return compiled.ok ? { kind: 'ready', check: compiled.value } : wrong(compiled.problem);
}
