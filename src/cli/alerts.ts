import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import { type Asked, askReceiver, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { type Place, receiverCommands } from './receiver-command.ts';
import { textTable } from './text-table.ts';

type Alert = Readonly<{
  id: string;
  state: string;
  message: string;
  since: string;
  over_at: string | null;
  acked_by: string | null;
}>;

type Output = Place & Readonly<{ json?: boolean }>;

/** `webhook-receiver alerts [list|ack|test]`, of a running receiver. */
export function addAlertsCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const alerts = program
    .command('alerts')
    .description(`alerts: list, acknowledge and test them ${NEEDS_TOKEN}`);
  const add = receiverCommands(alerts, env);
  add('list', 'list alerts that are on, and the latest that are over', { isDefault: true })
    .option('--json', 'print JSON')
    .action(({ url, json }: Output) => list({ url, env }, json));
  add('ack <id>', 'say that you take care of it')
    .option('--json', 'print JSON')
    .action(async (id: string, { url, json }: Output) => {
      const path = `/admin/alerts/${encodeURIComponent(id)}/ack`;
      const alert = await askReceiver<Alert>({ url, env }, 'POST', path);
      if (json) printJson(alert);
      else print([alert]);
    });
  add('test', 'send a test to the destinations of alerts').action(async ({ url }: Place) => {
    const path = '/admin/alerts/test';
    const { destinations } = await askReceiver<{ destinations: readonly string[] }>(
      { url, env },
      'POST',
      path,
    );
    const names =
      destinations.length === 0
        ? 'no destination: none names _alerts in its sources'
        : destinations.join(', ');
    process.stdout.write(`sent to ${printable(names)}\n`);
  });
}

async function list(asked: Asked, json = false): Promise<void> {
  const answer = await askReceiver<{ alerts: readonly Alert[] }>(asked, 'GET', '/admin/alerts');
  if (json) return printJson(answer);
  if (answer.alerts.length === 0) process.stdout.write('no alerts\n');
  else print(answer.alerts);
}

function print(alerts: readonly Alert[]): void {
  const rows = alerts.map((one) => [
    ...[printable(one.id), one.state, one.since, one.over_at ?? '-', printable(one.acked_by ?? '-')],
    printable(one.message),
  ]);
  process.stdout.write(textTable([['ALERT', 'STATE', 'SINCE', 'OVER', 'ACKNOWLEDGED', 'MESSAGE'], ...rows]));
}
