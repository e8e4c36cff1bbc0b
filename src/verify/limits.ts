import { decimal, type NumberRange, whole } from '../schema/number-range.ts';

/** The bound on everything in a scheme that is a number. */
export const SCHEME_LIMITS = {
  // A day: a longer tolerance makes a timestamp useless.
  toleranceSeconds: decimal(1, 86_400, 'seconds'),
  skewSeconds: decimal(0, 3600, 'seconds'),
  keyBytes: whole(1, 1024),
} as const satisfies Record<string, NumberRange>;

/** Most items of a list in a scheme. */
export const LIST_MAX = 20;
/** Longest locator, template or other text of a scheme. */
export const TEXT_CHARS_MAX = 1000;
export const KEYS_URL_CHARS_MAX = 2048;

/** Most signatures, and most groups of signatures, in one header: each may cost a hash of the body. */
export const SIGNATURES_MAX = 16;
/** Most headers with one prefix (`header:X-Sig-*`): DocuSign sends one for each of up to a hundred keys. */
export const SIGNATURE_HEADERS_MAX = 100;
/** Most header names in a signature's list of signed headers. */
export const SIGNED_HEADERS_MAX = 64;
/** Most bytes of a body when it is unpacked. */
export const UNPACKED_BYTES_MAX = 16 * 1024 * 1024;
/** Most content codings that a body has been through. */
export const ENCODINGS_MAX = 2;
/** Most digits of a member of a large JSON body that become a bigint; a longer number becomes a text. */
export const BIGINT_DIGITS_MAX = 1000;
/** Most bytes of the headers of one part of a multipart form. */
export const PART_HEAD_BYTES_MAX = 16 * 1024;
/** Most fields of a form or a query. No provider comes near it. */
export const FORM_FIELDS_MAX = 1000;
