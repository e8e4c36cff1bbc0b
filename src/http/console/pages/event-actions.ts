import type { EventDetails } from '../../admin/events.ts';
import { type Child, html } from '../html.ts';
import type { ActionRequest, Outcome, PageRequest, Section } from '../page.ts';
import { actionForm, confirmation, requireConfirmation } from '../parts/action.ts';
import { pathTo } from '../urls.ts';

/** What is done to one event beside its deliveries: it goes to another destination, or is erased. */
export const eventActions: Section = {
  pages: [],
  actions: [
    { path: '/console/events/:id/route', place: 'events', act: route },
    { path: '/console/events/:id/erase', place: 'events', act: erase },
  ],
};

/** The forms. @param destinations names of all that are configured */
export function actionsOnEvent(
  actor: PageRequest['actor'],
  event: EventDetails,
  destinations: readonly string[],
): Child {
  if (event.erased_at !== undefined) return null;
  const taken = new Set(event.deliveries.map(({ destination }) => destination));
  const others = destinations.filter((name) => !taken.has(name));
  return html`<div class="actions">${
    event.origin === 'test' || others.length === 0 ? null : routeForm(actor, event.id, others)
  }${eraseForm(actor, event.id)}</div>`;
}

function routeForm(actor: PageRequest['actor'], id: string, others: readonly string[]): Child {
  return actionForm(actor, {
    label: 'Send to another destination',
    to: pathTo('events', id, 'route'),
    endpoint: 'POST /admin/operations',
    command: `webhook-receiver bulk route id:${id} --to …`,
    explains:
      'Plans a delivery for a destination that never had the event. Nothing is sent until the plan is run.',
    fields: html`<label class="field"><span>Destination</span><select name="to" required><option value="">Choose one</option>${others.map(
      (name) => html`<option>${name}</option>`,
    )}</select></label>`,
  });
}

function eraseForm(actor: PageRequest['actor'], id: string): Child {
  return actionForm(actor, {
    label: 'Erase',
    to: pathTo('events', id, 'erase'),
    endpoint: 'POST /admin/webhooks/:id/erase',
    command: `webhook-receiver erase ${id}`,
    explains: 'Removes body, headers, key, errors and answers for good. That it came, and when, stays.',
    fields: confirmation('It cannot be undone: I want it erased.'),
    isDanger: true,
  });
}

async function route({ ask, params, form }: ActionRequest): Promise<Outcome> {
  const body = { kind: 'route', q: `id:${params.id!}`, to: form.to ?? '' };
  const { id } = await ask('POST /admin/operations', { body });
  return { goTo: pathTo('operations', id), done: 'planned' };
}

async function erase({ ask, params, form }: ActionRequest): Promise<Outcome> {
  requireConfirmation(form);
  await ask('POST /admin/webhooks/:id/erase', { params: { id: params.id! } });
  return { goTo: pathTo('events', params.id!), done: 'erased' };
}
