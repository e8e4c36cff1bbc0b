import { z } from 'zod';
import { numberField } from '../../schema/number-range.ts';
import { part, passOn } from '../../schema/strict-object.ts';
import { LIST_MAX, SCHEME_LIMITS, TEXT_CHARS_MAX } from '../limits.ts';
import {
  type Condition,
  ENCODINGS,
  type KeyRule,
  type SignatureRule,
  TIMESTAMP_UNITS,
  type TimestampRule,
} from '../scheme.ts';
import {
  checkedText,
  LOCATOR_TAKES,
  locatorField,
  locatorMistake,
  TEMPLATE_TAKES,
  templateMistake,
} from './locator-fields.ts';

/**
 * The parts of schemes. Every member of the types has its field here, and no other member is accepted. The message of a
 * mistake says what the field takes.
 */

export const TEXT_TAKES = `a text of 1 to ${TEXT_CHARS_MAX} characters`;

export function textMistake(text: string): string | null {
  return text.length >= 1 && text.length <= TEXT_CHARS_MAX ? null : TEXT_TAKES;
}

export const textField = checkedText(TEXT_TAKES, textMistake);
export const texts = textOrTexts(TEXT_TAKES, textMistake);

/** One of a few words. */
export function wordField<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, `one of ${words.join(', ')}`);
}

/** A text, or a list of texts, without a mistake according to a function. */
export function textOrTexts(takes: string, mistakeOf: (text: string) => string | null) {
  const item = checkedText(takes, mistakeOf);
  return z
    .custom<string | readonly string[]>(isTextOrTexts, { error: `${takes}, or a list of 1 to ${LIST_MAX}` })
    .superRefine((value, context) => {
      const found = Array.isArray(value) ? z.array(item).safeParse(value) : item.safeParse(value);
      passOn(found.error?.issues ?? [], context);
    });
}

function isTextOrTexts(value: unknown): boolean {
  if (!Array.isArray(value)) return typeof value === 'string';
  return value.length >= 1 && value.length <= LIST_MAX;
}

export const templateField = checkedText(TEMPLATE_TAKES, templateMistake);
export const locators = textOrTexts(LOCATOR_TAKES, locatorMistake);
export const templates = textOrTexts(TEMPLATE_TAKES, templateMistake);

const textsField = z
  .array(textField, `a list of 1 to ${LIST_MAX} texts`)
  .refine(({ length }) => length >= 1 && length <= LIST_MAX, `a list of 1 to ${LIST_MAX} texts`)
  .readonly();

const signatureShape = {
  from: locators,
  group: textField.exactOptional(),
  split: textField.exactOptional(),
  kv: textField.exactOptional(),
  key: texts.exactOptional(),
  prefix: textField.exactOptional(),
  trim: z.boolean('true or false').exactOptional(),
  enc: wordField(ENCODINGS).exactOptional(),
} satisfies Fields<SignatureRule>;
export const signatureField = part(signatureShape).readonly();

const timestampShape = {
  from: locators,
  unit: wordField(TIMESTAMP_UNITS).exactOptional(),
  tol: numberField(SCHEME_LIMITS.toleranceSeconds).nullable().exactOptional(),
} satisfies Fields<TimestampRule>;
export const timestampField = part(timestampShape).readonly();

const BYTES_TAKES = 'a list of the least and the most bytes of the key';

const keyShape = {
  strip: textField.exactOptional(),
  enc: wordField(['utf8', 'base64', 'hex']).exactOptional(),
  derive: wordField(['sha1', 'nfkd', 'html']).exactOptional(),
  bytes: z
    .tuple([numberField(SCHEME_LIMITS.keyBytes), numberField(SCHEME_LIMITS.keyBytes)], BYTES_TAKES)
    .refine(([least, most]) => least <= most, BYTES_TAKES)
    .readonly()
    .exactOptional(),
} satisfies Fields<KeyRule>;
export const keyField = part(keyShape).readonly();

const conditionShape = {
  secretPrefix: textField.exactOptional(),
  noSecretPrefix: textField.exactOptional(),
  header: textField.exactOptional(),
  noHeader: textField.exactOptional(),
  query: textField.exactOptional(),
  noQuery: textField.exactOptional(),
  contentType: textsField.exactOptional(),
  notContentType: textsField.exactOptional(),
} satisfies Fields<Condition>;
export const conditionField = part(conditionShape).readonly();

const PATTERN_TAKES = `a regular expression of 1 to ${TEXT_CHARS_MAX} characters`;
const PATTERNS_TAKES = `an object of at most ${LIST_MAX} regular expressions by locator`;

export const patternsField = z
  .record(locatorField, checkedText(PATTERN_TAKES, patternMistake), PATTERNS_TAKES)
  .refine((patterns) => Object.keys(patterns).length <= LIST_MAX, PATTERNS_TAKES)
  .readonly();

function patternMistake(text: string): string | null {
  try {
    new RegExp(text);
    return textMistake(text) === null ? null : PATTERN_TAKES;
  } catch {
    return PATTERN_TAKES;
  }
}

/** All members of a type, and no others. */
export type Fields<T> = Readonly<Record<keyof T, z.ZodType>>;
