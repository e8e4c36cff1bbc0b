import { z } from 'zod';
import { TEXT_CHARS_MAX } from '../limits.ts';
import { compileLocator } from '../read/locate.ts';
import { compileTemplate } from '../read/template.ts';

export const LOCATOR_TAKES = 'a locator such as header:X-Id or body:/data/id';
export const TEMPLATE_TAKES = 'a template such as {header:X-Id}.{body}';

/** What a locator takes if this text is not one, otherwise null. */
export function locatorMistake(text: string): string | null {
  if (text.length > TEXT_CHARS_MAX) return `${LOCATOR_TAKES} of at most ${TEXT_CHARS_MAX} characters`;
  const compiled = compileLocator(text);
  return compiled.ok ? null : `${LOCATOR_TAKES}: ${compiled.problem}`;
}

/** What a template takes if this text is not one, otherwise null. */
export function templateMistake(text: string): string | null {
  if (text === '' || text.length > TEXT_CHARS_MAX) {
    return `${TEMPLATE_TAKES} of 1 to ${TEXT_CHARS_MAX} characters`;
  }
  const compiled = compileTemplate(text);
  return compiled.ok ? null : `${TEMPLATE_TAKES}: ${compiled.problem}`;
}

/** A text that a function finds no mistake in; the function's result is the message. */
export function checkedText(takes: string, mistakeOf: (text: string) => string | null) {
  return z.string(takes).superRefine((text, context) => {
    const message = mistakeOf(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
}

export const locatorField = checkedText(LOCATOR_TAKES, locatorMistake);
