import type { Command } from 'commander';
import { printable } from '../domain/printable.ts';
import type { FilterMistake } from '../filter/filter-text.ts';
import { describeMistake, readFilter } from '../filter/read-filter.ts';
import { type Asked, askLines, NEEDS_TOKEN, printJson } from './ask-receiver.ts';
import { CommandError } from './command-error.ts';
import { type FoundEvent, followEvents } from './follow-events.ts';
import {
  type PageOptions,
  type Place,
  printMore,
  receiverCommands,
  withPageOptions,
  withQuery,
} from './receiver-command.ts';

type Progress = Readonly<{ searched_to: string | null; scanned: number }>;

/** A line of the stream. */
type Line =
  | Readonly<{ event: FoundEvent }>
  | Readonly<{ progress: Progress }>
  | Readonly<{ end: Progress & Readonly<{ next: string | null }> }>
  | Readonly<{ error: Readonly<{ detail: string }> }>;

type EventOptions = Place & PageOptions & Readonly<{ json?: boolean; follow?: boolean }>;

/** `webhook-receiver events [filter]`, of a running receiver. */
export function addEventsCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const add = receiverCommands(program, env);
  withPageOptions(add('events [filter...]', `list the events that fit a filter, newest first ${NEEDS_TOKEN}`))
    .option('--json', 'print JSON')
    .option('--follow', 'go on with the events that come to fit; ends with Ctrl-C')
    .action((filter: readonly string[], { url, ...options }: EventOptions) =>
      listEvents({ url, env }, filter.join(' '), options),
    );
}

async function listEvents(asked: Asked, filter: string, options: Omit<EventOptions, 'url'>): Promise<void> {
  const reading = readFilter(filter);
  if (reading.kind === 'mistaken') throw new CommandError(pointAt(filter, reading.mistake));
  const { json = false, follow = false, limit, cursor } = options;
  const show = json ? printLine : (event: FoundEvent) => process.stdout.write(`${lineOf(event)}\n`);
  if (follow) return followEvents(asked, filter, show);
  const path = withQuery('/admin/events', { q: filter, limit, cursor });
  const found: FoundEvent[] = [];
  let end: Extract<Line, { end: object }>['end'] | null = null;
  for await (const line of askLines<Line>(asked, path)) {
    if ('error' in line) throw new CommandError(`the search ended early: ${printable(line.error.detail)}`);
    if ('progress' in line) showProgress(line.progress);
    else if ('end' in line) end = line.end;
    else if (json) found.push(line.event);
    else {
      clearProgress();
      found.push(line.event);
      show(line.event);
    }
  }
  clearProgress();
  if (json)
    return printJson({ events: found, next: end?.next ?? null, searched_to: end?.searched_to ?? null });
  if (found.length === 0) process.stdout.write('no event fits\n');
  printMore(end?.next ?? null);
}

/** The filter with a mark under the mistake. */
export function pointAt(filter: string, mistake: FilterMistake): string {
  const before = printable(filter.slice(0, mistake.at));
  const from = Math.max(0, before.length - 60);
  const shown = printable(filter.slice(mistake.at, mistake.at + mistake.length));
  const line = `${before.slice(from)}${shown}${printable(filter.slice(mistake.at + mistake.length))}`.slice(
    0,
    120,
  );
  const mark = `${' '.repeat(before.length - from)}${'^'.repeat(Math.max(1, Math.min(shown.length, 120 - before.length + from)))}`;
  return `the filter is wrong at ${describeMistake(mistake)}\n  ${line}\n  ${mark}`;
}

function lineOf({ id, created_at, status, source, event_type, idempotency_key, origin }: FoundEvent): string {
  return [
    created_at,
    status.padEnd('processing'.length),
    id,
    source,
    event_type,
    idempotency_key ?? '(erased)',
    ...(origin === 'received' ? [] : [`(${origin})`]),
  ]
    .map(printable)
    .join('  ');
}

function printLine(event: FoundEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function showProgress({ searched_to: searchedTo, scanned }: Progress): void {
  if (process.stderr.isTTY !== true || searchedTo === null) return;
  process.stderr.write(
    `\r\u001b[Ksearched back to ${printable(searchedTo)}, ${scanned.toLocaleString('en-US')} events`,
  );
}

function clearProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[K');
}
