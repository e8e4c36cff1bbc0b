import { z } from 'zod';
import { asTemplate } from '../verify/read/locate.ts';
import { compileTemplate } from '../verify/read/template.ts';
import { checkedText, TEMPLATE_TAKES, templateMistake } from '../verify/schema/locator-fields.ts';

/** Where an event's key or type is. A bare locator stands for the template of it alone. */
export const identityField = z
  .string(TEMPLATE_TAKES)
  .transform(asTemplate)
  .pipe(checkedText(TEMPLATE_TAKES, identityMistake));

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
