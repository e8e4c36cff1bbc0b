import type { Actor } from '../../../domain/audit.ts';
import { ADMIN_ACCESS, type EndpointName } from '../../admin/access.ts';
import type { Form } from '../form.ts';
import { type Child, type Html, html, NOTHING } from '../html.ts';
import { may, PageProblem } from '../page.ts';
import { command } from './parts.ts';

/** Something that an operator can do on a page. */
export type ActionForm = Readonly<{
  /** What its button says: a verb. */
  label: string;
  /** Where the form goes. */
  to: string;
  /** The endpoint behind it, whose role it takes. */
  endpoint: EndpointName;
  /** The command that does the same. */
  command: string;
  /** What it does, in a sentence or two. */
  explains?: Child;
  /** Fields to fill in; with them the form opens on demand. */
  fields?: Child;
  /** The key that presses its button. */
  key?: string;
  isDanger?: boolean;
  /** Its form is unfolded at first. */
  isOpen?: boolean;
}>;

/** A form that works without a script. Whoever may not use it sees what it takes. */
export function actionForm(actor: Actor, form: ActionForm): Html {
  if (!may(actor, form.endpoint)) {
    return html`<p class="muted">${form.label}: takes the role ${ADMIN_ACCESS[form.endpoint].role}.</p>`;
  }
  const { label, to, explains, fields, key, isDanger = false, isOpen = false } = form;
  const button = html`<button type="submit" class="${isDanger ? 'danger' : 'primary'}"${key === undefined ? NOTHING : html` data-press="${key}"`}>${label}</button>`;
  const body = html`<form method="post" action="${to}">
${explains === undefined ? null : html`<p>${explains}</p>`}
${fields}
${button}
${command(form.command)}
</form>`;
  return html`<details class="action"${isOpen ? html` open` : NOTHING}${key === undefined ? NOTHING : html` data-act="${key}"`}><summary>${label}${key === undefined ? null : html` <kbd>${key}</kbd>`}</summary>${body}</details>`;
}

/** A box that has to be ticked, for what cannot be undone. */
export function confirmation(text: string): Html {
  return html`<label class="tick"><input type="checkbox" name="confirm" value="yes" required> <span>${text}</span></label>`;
}

/** @throws PageProblem for a form whose box is not ticked, which a browser does not send */
export function requireConfirmation(form: Form): void {
  if (form.confirm === 'yes') return;
  throw new PageProblem('invalid', 'Tick the box: this has to be confirmed.');
}

/** A field of a form. */
export function field(
  label: string,
  name: string,
  more: Readonly<{
    type?: string;
    value?: string;
    placeholder?: string;
    hint?: Child;
    maxLength?: number;
  }> = {},
): Html {
  const { type = 'text', value = '', placeholder = '', hint, maxLength } = more;
  return html`<label class="field"><span>${label}</span>
<input name="${name}" type="${type}" value="${value}" placeholder="${placeholder}"${maxLength === undefined ? NOTHING : html` maxlength="${maxLength}"`} autocomplete="off">
${hint === undefined ? null : html`<small>${hint}</small>`}</label>`;
}
