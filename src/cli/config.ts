import type { Command } from 'commander';
import { explainConfig } from '../config/explain.ts';
import { loadConfig } from '../config/load.ts';
import { askReceiver, printJson } from './ask-receiver.ts';
import { type Place, receiverCommands } from './receiver-command.ts';

/** `webhook-receiver config`: what a receiver started here would have in effect, or what a running one has. */
export function addConfigCommand(program: Command, env: NodeJS.ProcessEnv): void {
  receiverCommands(program, env)('config', 'print the effective configuration, secrets redacted')
    .option('--running', 'that of the running receiver (needs ADMIN_TOKEN here and at the receiver)')
    .action(async ({ url, running = false }: Place & Readonly<{ running?: boolean }>) => {
      if (!running) return printJson(explainConfig(await loadConfig({ env, cwd: process.cwd() })));
      const { config } = await askReceiver<{ config: object }>({ url, env }, 'GET', '/admin/config');
      printJson(config);
    });
}
