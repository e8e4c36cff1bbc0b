import { writeFileSync } from 'node:fs';
import { describeMachine, describeOthers, fileSystem } from './support/machine.ts';
import { say } from './support/say.ts';
import { renderTable, type Table } from './support/table.ts';

export type ReportOptions = Readonly<{ rounds: number; seconds: number; client: string; out: string | null }>;

/** A measurement of this name, and the tables that it fills, one after the other. */
export type Section = Readonly<{ name: string; measures: readonly (() => Promise<Table>)[] }>;

/** Measures section by section; each table is printed, and written to the file, as soon as it is there. */
export async function printReport(options: ReportOptions, sections: readonly Section[]): Promise<void> {
  if (fileSystem() === 'tmpfs')
    say('this folder is in memory: an fsync costs nothing, durable rates mean nothing');
  const parts = [head(options)];
  for (const { name, measures } of sections) {
    say(`${name} …`);
    for (const measure of measures) {
      parts.push(renderTable(await measure()));
      process.stdout.write(`${parts.length === 2 ? `${parts[0]}\n` : ''}${parts.at(-1)}\n`);
      if (options.out !== null) writeFileSync(options.out, parts.join('\n'));
    }
  }
}

function head({ client, rounds, seconds }: ReportOptions): string {
  const date = new Date().toISOString().slice(0, 10);
  const how = `client ${client}, ${rounds} rounds of ${seconds} s, median over the rounds`;
  const others = describeOthers();
  return `${date}: ${describeMachine()}; ${how}.\n${others === null ? '' : `${others}\n`}`;
}
