import type { Command } from 'commander';
import type { Provider } from '../verify/provider.ts';
import { PROVIDERS } from '../verify/providers/index.ts';
import { printJson } from './ask-receiver.ts';
import { describeProvider, listNeeds, nameAlgorithms } from './describe-provider.ts';
import { requireProvider } from './find-provider.ts';
import { textTable } from './text-table.ts';

/** `webhook-receiver providers [id]` */
export function addProvidersCommand(program: Command): void {
  program
    .command('providers [id]')
    .description('list the supported providers and what each needs, or show one in full')
    .option('--json', 'print the declarations as JSON')
    .action((id: string | undefined, { json = false }: { json?: boolean }) => {
      const provider = id === undefined ? null : requireProvider(id);
      if (json) return printJson(provider ?? PROVIDERS);
      process.stdout.write(provider === null ? listProviders(PROVIDERS) : showProvider(provider));
    });
}

/** One line each. */
export function listProviders(providers: readonly Provider[]): string {
  const rows = providers.map((provider) => [
    provider.id,
    provider.name,
    nameAlgorithms(provider),
    plain(listNeeds(provider.needs)),
  ]);
  return textTable([['ID', 'NAME', 'VERIFIED BY', 'NEEDS'], ...rows]);
}

function showProvider(provider: Provider): string {
  const topics = describeProvider(provider).map(
    ({ topic, lines }) => `${topic}:\n${lines.map((line) => `  ${plain(line)}\n`).join('')}`,
  );
  return `${provider.name} (provider: '${provider.id}')\n\n${topics.join('')}`;
}

/** Descriptions are Markdown; a terminal needs no backticks. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
