import { z } from 'zod';
import { asTemplate, compileLocator } from '../ingest/verify/locate.ts';
import { compileTemplate } from '../ingest/verify/template.ts';
import { TEXT_CHARS_MAX } from './limits.ts';

export const LOCATOR_TAKES = 'a locator such as header:X-Id or body:/data/id';
export const TEMPLATE_TAKES = 'a template such as {header:X-Id}.{body}';

/** What a locator takes if this text is none, else null. */
export function locatorMistake(text: string): string | null {
  if (text.length > TEXT_CHARS_MAX) return `${LOCATOR_TAKES} of at most ${TEXT_CHARS_MAX} characters`;
  const compiled = compileLocator(text);
  return compiled.ok ? null : `${LOCATOR_TAKES}: ${compiled.problem}`;
}

/** What a template takes if this text is none, else null. */
export function templateMistake(text: string): string | null {
  if (text === '' || text.length > TEXT_CHARS_MAX) {
    return `${TEMPLATE_TAKES} of 1 to ${TEXT_CHARS_MAX} characters`;
  }
  const compiled = compileTemplate(text);
  return compiled.ok ? null : `${TEMPLATE_TAKES}: ${compiled.problem}`;
}

/** As `templateMistake`, of a template that names an event. */
function identityMistake(text: string): string | null {
  const mistake = templateMistake(text);
  const compiled = compileTemplate(text);
  if (mistake !== null || !compiled.ok) return mistake;
  const { readers, words } = compiled.value;
  if (words.includes('secret')) return `${TEMPLATE_TAKES} without the secret: keys and types are shown`;
  const isSame = readers.length === 0 && words.length === 0;
  return isSame ? `${TEMPLATE_TAKES}: without a part in braces all events would be the same` : null;
}

/** A text that a function finds no mistake in; what it takes otherwise is what the function says. */
export function checkedText(takes: string, mistakeOf: (text: string) => string | null) {
  return z.string(takes).superRefine((text, context) => {
    const message = mistakeOf(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
}

export const locatorField = checkedText(LOCATOR_TAKES, locatorMistake);

/** Where an event's key or type is. A bare locator stands for the template of it alone. */
export const identityField = z
  .string(TEMPLATE_TAKES)
  .transform(asTemplate)
  .pipe(checkedText(TEMPLATE_TAKES, identityMistake));
