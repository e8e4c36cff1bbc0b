import { z } from 'zod';
import { numberField } from '../../schema/number-range.ts';
import { part } from '../../schema/strict-object.ts';
import { KEYS_URL_CHARS_MAX, LIST_MAX, SCHEME_LIMITS } from '../limits.ts';
import { compileTemplate } from '../read/template.ts';
import type { JwtScheme } from '../scheme.ts';
import { JWT_ALGS } from '../schemes/jwt.ts';
import { checkedText } from './locator-fields.ts';
import { type Fields, TEXT_TAKES, textField, textMistake, textOrTexts, wordField } from './scheme-fields.ts';

const ALGS_TAKES = `a list of one or more of ${JWT_ALGS.join(', ')}`;
const JWT_CLAIMS_TAKES = `an object of at most ${LIST_MAX} texts or booleans by claim`;
const KEYS_TAKES = 'secret, publicKey, plaid or an object with the https url of a JWKS';

const jwtClaimField = checkedText(TEXT_TAKES, jwtClaimMistake);
const keysUrlField = z.strictObject({ url: z.string().refine(isKeysUrl) });

const jwtRules = {
  algs: z
    .array(wordField(JWT_ALGS), ALGS_TAKES)
    .refine(({ length }) => length > 0 && length <= LIST_MAX, ALGS_TAKES)
    .readonly(),
  bearer: z.boolean('true or false').exactOptional(),
  iss: textOrTexts(TEXT_TAKES, jwtClaimMistake).exactOptional(),
  aud: jwtClaimField.exactOptional(),
  claims: z
    .record(z.string(), z.union([jwtClaimField, z.boolean()], 'a text, true or false'), JWT_CLAIMS_TAKES)
    .refine((claims) => Object.keys(claims).length <= LIST_MAX, JWT_CLAIMS_TAKES)
    .readonly()
    .exactOptional(),
  iatTol: numberField(SCHEME_LIMITS.toleranceSeconds).exactOptional(),
  requireExp: z.boolean('true or false').exactOptional(),
  skew: numberField(SCHEME_LIMITS.skewSeconds).exactOptional(),
  bodyHash: textField.exactOptional(),
  keys: z.custom<JwtScheme['jwt']['keys']>(isKeySource, KEYS_TAKES),
} satisfies Fields<JwtScheme['jwt']>;

export const jwtField = part(jwtRules).readonly();

/** A claim's text may be a template, so its braces must be valid. */
function jwtClaimMistake(text: string): string | null {
  const mistake = textMistake(text);
  if (mistake !== null) return mistake;
  const compiled = compileTemplate(text);
  return compiled.ok ? null : `${TEXT_TAKES}, which may be a template: ${compiled.problem}`;
}

function isKeySource(value: unknown): boolean {
  return ['secret', 'publicKey', 'plaid'].includes(value as string) || keysUrlField.safeParse(value).success;
}

/** Keys are fetched by https, without user name and password. */
function isKeysUrl(text: string): boolean {
  if (text.length > KEYS_URL_CHARS_MAX || !/^https:\S+$/.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && url.username === '' && url.password === '';
}
