import type { Command } from 'commander';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { type Place, receiverCommands } from './receiver-command.ts';
import { textTable } from './text-table.ts';

type Moment = Readonly<{
  at: string;
  kind: string;
  delivery_id: string | null;
  destination: string | null;
  actor: string | null;
  detail: Readonly<Record<string, unknown>>;
}>;
type History = Readonly<{ event_id: string; history: readonly Moment[] }>;

/** `webhook-receiver history <event-id>`, of a running receiver. */
export function addHistoryCommand(program: Command, env: NodeJS.ProcessEnv): void {
  receiverCommands(program, env)('history <event-id>', `show the life of an event, in order ${NEEDS_TOKEN}`)
    .option('--json', 'print JSON')
    .action((eventId: string, { url, json = false }: Place & Readonly<{ json?: boolean }>) =>
      showHistory({ url, env }, eventId, json),
    );
}

async function showHistory(asked: Asked, eventId: string, json: boolean): Promise<void> {
  const found = await askReceiver<History>(
    asked,
    'GET',
    `/admin/webhooks/${encodeURIComponent(eventId)}/history`,
  );
  if (json) return printJson(found);
  const rows = found.history.map(({ at, kind, delivery_id, destination, actor, detail }) => [
    ...[at, kind, destination ?? '', delivery_id ?? '', actor ?? ''],
    Object.entries(detail)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ]);
  process.stdout.write(textTable([['TIME', 'WHAT', 'DESTINATION', 'DELIVERY', 'BY', 'DETAIL'], ...rows]));
}
