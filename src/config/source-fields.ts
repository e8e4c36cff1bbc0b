import { validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { MAX_SEARCH_KEYS } from '../domain/search-key.ts';
import { keyLocatorMistake } from '../ingest/order-key.ts';
import { HOOK_TAKES, hookPath } from '../reconcile/github.ts';
import { nearest } from '../schema/nearest.ts';
import { numberField } from '../schema/number-range.ts';
import { part, passOn } from '../schema/strict-object.ts';
import { LIST_MAX } from '../verify/limits.ts';
import { findProvider, PROVIDERS } from '../verify/providers/index.ts';
import { parsePointer } from '../verify/read/json-pointer.ts';
import { asTemplate } from '../verify/read/locate.ts';
import { compileTemplate } from '../verify/read/template.ts';
import { handshakeSchema } from '../verify/schema/handshake-schema.ts';
import { checkedText, TEMPLATE_TAKES, templateMistake } from '../verify/schema/locator-fields.ts';
import { textField } from '../verify/schema/scheme-fields.ts';
import { schemeSchema } from '../verify/schema/scheme-schema.ts';
import { isHttpUrl } from './destination-fields.ts';
import {
  LIMITS,
  PARAMS_MAX,
  PUBLIC_KEY_CHARS_MAX,
  REPLY_CHARS_MAX,
  SECRET_CHARS_MAX,
  SECRETS_MAX,
  URL_CHARS_MAX,
} from './limits.ts';
import { withoutSecretFlaw } from './secret-text.ts';

const PROVIDER_TAKES = 'the id of a provider, as `webhook-receiver providers` lists them';

/** A provider by its id or an alias. */
export const providerField = z.string(PROVIDER_TAKES).superRefine((id, context) => {
  if (findProvider(id) === null) context.addIssue({ code: 'custom', message: nearestProvider(id) });
});

/** The message about an unknown provider. */
export function nearestProvider(id: string): string {
  const names = PROVIDERS.flatMap((provider) => [provider.id, ...(provider.aliases ?? [])]);
  const meant = nearest(id, names);
  return meant === null ? PROVIDER_TAKES : `${PROVIDER_TAKES}; the nearest is ${meant}`;
}

export const schemesField = oneOrMany(
  schemeSchema,
  LIST_MAX,
  `a scheme, or a list of 1 to ${LIST_MAX} of which any may accept`,
);

const HANDSHAKES_TAKES = `a list of 1 to ${LIST_MAX} handshakes`;

export const handshakesField = z
  .array(handshakeSchema, HANDSHAKES_TAKES)
  .refine(({ length }) => length >= 1 && length <= LIST_MAX, HANDSHAKES_TAKES)
  .readonly();

const MASK_TAKES = `a list of 1 to ${LIST_MAX} JSON Pointers, such as /payload/card/number; a part * is each item of an array`;

/** What of a body is shown to nobody who does not ask for it. */
export const maskField = z
  .array(
    z
      .string(MASK_TAKES)
      .refine((text) => parsePointer(text) !== null, 'a JSON Pointer, such as /payload/card'),
    MASK_TAKES,
  )
  .refine(({ length }) => length >= 1 && length <= LIST_MAX, MASK_TAKES)
  .readonly();

const SEARCH_TAKES = `an object of 1 to ${MAX_SEARCH_KEYS} locators by name, such as { order: 'body:/data/order_id' }`;
const SEARCH_NAME_TAKES = 'a name of 1 to 32 letters, digits, - and _';

/** Values of an event that are found by an index. */
export const searchField = z
  .record(
    z.string().regex(/^[\w-]{1,32}$/, SEARCH_NAME_TAKES),
    z.string(SEARCH_TAKES).superRefine((locator, context) => {
      const mistake = keyLocatorMistake(locator);
      if (mistake !== null) context.addIssue({ code: 'custom', message: mistake });
    }),
    SEARCH_TAKES,
  )
  .refine((search) => {
    const count = Object.keys(search).length;
    return count >= 1 && count <= MAX_SEARCH_KEYS;
  }, SEARCH_TAKES)
  .readonly();

const DURATION_TAKES = 'a time such as 90s, 15m, 2h or 3d';
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration as a text, in milliseconds. */
const durationField = z
  .string(DURATION_TAKES)
  .regex(/^[1-9]\d{0,5}[smhd]$/, DURATION_TAKES)
  .transform((text) => Number(text.slice(0, -1)) * UNIT_MS[text.at(-1) as keyof typeof UNIT_MS]);

/** How a source is compared with what its provider sent. */
export const reconcileField = part({
  every: durationField.exactOptional(),
  since: durationField.exactOptional(),
  hook: z
    .string(HOOK_TAKES)
    .refine((hook) => hookPath(hook) !== null, HOOK_TAKES)
    .exactOptional(),
}).readonly();

/** What is believed of a request beyond its signature. */
export const trustField = part({ trace: z.boolean('true or false').optional() }).readonly();

const SECRET_TAKES = `a text of 1 to ${SECRET_CHARS_MAX} characters`;

export const sourceSecretField = withoutSecretFlaw(
  z.string(SECRET_TAKES).refine(({ length }) => length >= 1 && length <= SECRET_CHARS_MAX, SECRET_TAKES),
);

const SECRETS_TAKES = `a list of 1 to ${SECRETS_MAX} secrets`;

export const secretsField = z
  .array(sourceSecretField, SECRETS_TAKES)
  .refine(({ length }) => length >= 1 && length <= SECRETS_MAX, SECRETS_TAKES)
  .readonly();

const PUBLIC_KEY_TAKES = `a public key of 1 to ${PUBLIC_KEY_CHARS_MAX} characters`;

export const publicKeyField = z
  .string(PUBLIC_KEY_TAKES)
  .refine(({ length }) => length >= 1 && length <= PUBLIC_KEY_CHARS_MAX, PUBLIC_KEY_TAKES);

const PARAMS_TAKES = `an object of at most ${PARAMS_MAX} texts by name`;

export const paramsField = z
  .record(z.string(), withoutSecretFlaw(textField), PARAMS_TAKES)
  .refine((params) => Object.keys(params).length <= PARAMS_MAX, PARAMS_TAKES)
  .readonly();

/** The template of an event's key or type. A bare locator stands for a template with that locator alone. */
const identityField = z
  .string(TEMPLATE_TAKES)
  .transform(asTemplate)
  .pipe(checkedText(TEMPLATE_TAKES, identityMistake));

/** Like `templateMistake`, for a template that identifies an event. */
function identityMistake(text: string): string | null {
  const mistake = templateMistake(text);
  const compiled = compileTemplate(text);
  if (mistake !== null || !compiled.ok) return mistake;
  const { readers, words } = compiled.value;
  if (words.includes('secret')) return `${TEMPLATE_TAKES} without the secret: keys and types are shown`;
  const isSame = readers.length === 0 && words.length === 0;
  return isSame ? `${TEMPLATE_TAKES}: without a part in braces all events would be the same` : null;
}

export const identitiesField = oneOrMany(identityField, LIST_MAX, `${TEMPLATE_TAKES}, or a list of them`);

const PUBLIC_URL_TAKES = `the http or https URL that is registered at the provider, at most ${URL_CHARS_MAX} characters without a fragment`;

// It may hold a user name and password: providers sign the URL as it was registered.
export const publicUrlField = z
  .string(PUBLIC_URL_TAKES)
  .refine((text) => isHttpUrl(text) && !text.includes('#'), PUBLIC_URL_TAKES);

const BODY_TAKES = `a text of at most ${REPLY_CHARS_MAX} characters`;
const CONTENT_TYPE_TAKES = 'a media type such as text/plain';

const replyShape = {
  status: numberField(LIMITS.acceptedStatus).exactOptional(),
  body: z
    .string(BODY_TAKES)
    .refine(({ length }) => length <= REPLY_CHARS_MAX, BODY_TAKES)
    .exactOptional(),
  contentType: z.string(CONTENT_TYPE_TAKES).refine(isMediaType, CONTENT_TYPE_TAKES).exactOptional(),
};

export const replyField = part(replyShape).readonly();

function isMediaType(text: string): boolean {
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/.test(text) || text.length > 255) return false;
  try {
    validateHeaderValue('content-type', text);
    return true;
  } catch {
    return false;
  }
}

/** One value or a list, as a list. Issues keep the path as written: a single value has no index. */
function oneOrMany<T extends z.ZodType>(item: T, max: number, takes: string) {
  const list = z.array(item, takes).refine(({ length }) => length >= 1 && length <= max, takes);
  return z.unknown().transform((value, context): readonly z.output<T>[] => {
    const parsed = Array.isArray(value) ? list.safeParse(value) : item.safeParse(value);
    if (parsed.success) return (Array.isArray(value) ? parsed.data : [parsed.data]) as z.output<T>[];
    passOn(parsed.error.issues, context);
    return z.NEVER;
  });
}
