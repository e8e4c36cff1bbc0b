import { foreign, html } from '../html.ts';
import type { ActionRequest, Outcome, Section, View } from '../page.ts';
import { actionForm } from '../parts/action.ts';
import { empty, heading, notice, quoted, table } from '../parts/parts.ts';
import { timeAgo } from '../parts/time.ts';
import { pathTo } from '../urls.ts';

/** What handshakes have stored for a source, such as a secret: it is asked for by a form, since the audit tells of it. */
export const sourceStatePages: Section = {
  pages: [],
  actions: [
    { path: '/console/sources/:name/state', place: 'sources', act: show },
    { path: '/console/sources/:name/state/:entry/drop', place: 'sources', act: drop },
  ],
};

async function show({ ask, actor, params, nowMs }: ActionRequest): Promise<View> {
  const name = params.name!;
  const { state } = await ask('GET /admin/sources/:name/state', { params: { name } });
  const columns = [{ name: 'Entry' }, { name: 'Value', isWide: true }, { name: 'Stored' }, { name: 'Act' }];
  const rows = state.map((one) => [
    foreign(one.name, 100),
    html`<code>${foreign(one.value, 400)}</code>`,
    timeAgo(one.updated_at, nowMs),
    actionForm(actor, {
      label: 'Drop',
      to: pathTo('sources', name, 'state', one.name, 'drop'),
      endpoint: 'DELETE /admin/sources/:name/state/:entry',
      command: `webhook-receiver source-state ${quoted(name)} --reset ${quoted(one.name)}`,
      explains: 'The handshake can then be done again. Until it is, requests are not verified by this value.',
      isDanger: true,
    }),
  ]);
  const body = html`${heading(html`What handshakes stored for ${name}`)}
${notice('warn', 'Values may be secrets. The audit has a row of this page.')}
${state.length === 0 ? empty('Nothing is stored.') : table('Entries of the source', columns, rows)}
<p><a href="${pathTo('sources', name)}">Back to ${name}</a></p>`;
  return { title: `State of ${name}`, body };
}

async function drop({ ask, params }: ActionRequest): Promise<Outcome> {
  await ask('DELETE /admin/sources/:name/state/:entry', {
    params: { name: params.name!, entry: params.entry! },
  });
  return { goTo: pathTo('sources', params.name!), done: 'dropped' };
}
