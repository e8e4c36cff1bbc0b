import { z } from 'zod';
import { numberField, whole } from '../../schema/number-range.ts';
import { part } from '../../schema/strict-object.ts';
import { LIST_MAX } from '../limits.ts';
import type { Handshake } from '../provider.ts';
import { compileTemplate } from '../read/template.ts';
import { ENCODINGS, HASHES } from '../scheme.ts';
import { isSendableHeader, isTemplates } from './handshake-reply-fields.ts';
import { locatorField } from './locator-fields.ts';
import {
  type Fields,
  keyField,
  patternsField,
  templateField,
  textField,
  wordField,
} from './scheme-fields.ts';

const NAME_TAKES = 'a name of 1 to 64 letters, digits, spaces, ".", "_" and "-"';
const EQUALS_TAKES = `an object of at most ${LIST_MAX} texts by locator`;
const ABSENT_TAKES = `a list of 1 to ${LIST_MAX} locators`;

const whenShape = {
  header: textField.exactOptional(),
  noHeader: textField.exactOptional(),
  query: textField.exactOptional(),
  emptyBody: z.literal(true, 'true').exactOptional(),
  equals: z
    .record(locatorField, textField, EQUALS_TAKES)
    .refine((texts) => Object.keys(texts).length <= LIST_MAX, EQUALS_TAKES)
    .exactOptional(),
  matches: patternsField.exactOptional(),
  absent: z
    .array(locatorField, ABSENT_TAKES)
    .refine(({ length }) => length >= 1 && length <= LIST_MAX, ABSENT_TAKES)
    .exactOptional(),
  contentType: textField.exactOptional(),
} satisfies Fields<NonNullable<Handshake['when']>>;

const ACTIONS_TAKE = 'an object with kind, one of keep-secret, confirm-subscription, keep-event';

const actionField = z.discriminatedUnion(
  'kind',
  [
    part({ kind: z.literal('keep-secret'), from: locatorField }),
    part({ kind: z.literal('confirm-subscription'), url: locatorField }),
    part({ kind: z.literal('keep-event') }),
  ],
  { error: ACTIONS_TAKE },
);

const macShape = {
  alg: wordField(['hmac', 'digest']),
  hash: wordField(HASHES),
  of: templateField,
  enc: wordField(ENCODINGS),
  key: keyField.exactOptional(),
} satisfies Fields<NonNullable<Handshake['mac']>>;

const HEADERS_TAKES = `an object of at most ${LIST_MAX} templates by header name, without those of the connection`;
const BODY_TAKES = 'a template, or an object whose texts are templates';

const replyShape = {
  status: numberField(whole(200, 499)),
  headers: z
    .record(z.string().refine(isSendableHeader, HEADERS_TAKES), templateField, HEADERS_TAKES)
    .refine((headers) => Object.keys(headers).length <= LIST_MAX, HEADERS_TAKES)
    .exactOptional(),
  body: z
    .custom<string | Readonly<Record<string, unknown>>>((value) => isTemplates(value), { error: BODY_TAKES })
    .exactOptional(),
} satisfies Fields<Handshake['reply']>;

const shape = {
  name: z.string(NAME_TAKES).regex(/^[\w .-]{1,64}$/, NAME_TAKES),
  method: wordField(['GET', 'HEAD', 'POST', 'OPTIONS']),
  when: part(whenShape).readonly().exactOptional(),
  signed: z.boolean('true or false'),
  secretAt: locatorField.exactOptional(),
  secretParam: textField.exactOptional(),
  action: actionField.exactOptional(),
  mac: part(macShape).readonly().exactOptional(),
  reply: part(replyShape).readonly(),
} satisfies Fields<Handshake>;

/**
 * A user's handshake, validated strictly. A handshake that would answer unsigned requests with the secret, or replace
 * events, is a mistake.
 */
export const handshakeSchema = part(shape)
  .readonly()
  .superRefine((handshake, context) => {
    for (const [path, got, message] of dangersOf(handshake as Handshake)) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { got } });
    }
  }) as z.ZodType<Handshake>;

type Danger = readonly [path: readonly string[], got: string, takes: string];

function dangersOf(handshake: Handshake): Danger[] {
  const { method, when = {}, signed, secretAt, secretParam, action, mac } = handshake;
  const dangers: Danger[] = [];
  if (method === 'POST' && Object.keys(when).length === 0) {
    dangers.push([['when'], 'no condition', 'conditions: without them every event would be taken for it']);
  }
  if (secretParam !== undefined && secretAt === undefined) {
    dangers.push([['secretParam'], 'a value without secretAt', 'a value only beside it']);
  }
  if (!signed && (action?.kind === 'keep-event' || action?.kind === 'confirm-subscription')) {
    dangers.push([
      ['action', 'kind'],
      `${action.kind} of what is not signed`,
      'keep-secret, or signed: true',
    ]);
  }
  if (mac !== undefined && !signed) dangers.push(...oracleDangers(mac.of, when.matches ?? {}));
  return [...dangers, ...replyDangers(handshake)];
}

/** A handshake that signs any text on request would sign an event's text too. */
function oracleDangers(of: string, matches: Readonly<Record<string, string>>): Danger[] {
  const compiled = compileTemplate(of);
  if (!compiled.ok) return [];
  const { readers, words } = compiled.value;
  const path = ['mac', 'of'];
  if (words.includes('body') || words.includes('form_sorted')) {
    return [[path, 'the body of what is not signed', 'values that when.matches bounds']];
  }
  return readers
    .filter(({ kind, locator }) => kind !== 'param' && !Object.hasOwn(matches, locator))
    .map(({ locator }) => [
      path,
      `${locator} in any form`,
      `a value for which when.matches has a pattern that no event's signed text fits`,
    ]);
}

/** Any client may get the answer. */
function replyDangers({ mac, reply }: Handshake): Danger[] {
  const texts = JSON.stringify([reply.headers, reply.body]);
  const dangers: Danger[] = [];
  if (texts.includes('{secret}')) dangers.push([['reply'], 'the secret', 'templates without {secret}']);
  if (texts.includes('{mac}') && mac === undefined) {
    dangers.push([['reply'], '{mac} without mac', 'templates without {mac}, or mac beside it']);
  }
  return dangers;
}
