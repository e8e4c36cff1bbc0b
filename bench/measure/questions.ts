import { ask, repeat, type Times } from '../inbox/ask.ts';
import { dropPageCache } from '../inbox/drop-page-cache.ts';
import type { InboxOptions, OpenInbox } from '../inbox/open-inbox.ts';
import { OTHERS, pagesOf, type Question, questionsOf } from '../inbox/questions.ts';
import { ADMIN, logIn, startOn } from '../inbox/receiver.ts';
import type { Receiver } from '../servers/receiver.ts';
import { readMemory } from '../support/machine.ts';
import { say } from '../support/say.ts';
import { fixed, type Table, whole } from '../support/table.ts';

const GOAL_QUESTION_MS = 50;
const GOAL_PAGE_MS = 200;
const GOAL_START_MS = 60_000;

type Row = readonly string[];

/** How long a large inbox takes to open, and to answer what operators and programs ask. */
export async function measureQuestions(openInbox: OpenInbox, options: InboxOptions): Promise<Table> {
  const inbox = await openInbox(options);
  const isCold = dropPageCache();
  const receiver = await startOn(inbox);
  const rows: Row[] = [startRow(receiver)];
  const newest = await page(receiver.origin, '', null);
  const [event] = newest.events;
  const questions = questionsOf(inbox.events, Date.parse(event!.created_at), event!.id);
  for (const question of questions) {
    rows.push(await askQuestion(receiver.origin, question));
    say(`  ${rows.at(-1)!.join('  ')}`);
  }
  const cookie = await logIn(receiver.origin);
  for (const path of [...pagesOf(event!.id), ...OTHERS]) {
    const headers = path.startsWith('/console') ? cookie : ADMIN;
    rows.push(await askPage(`${receiver.origin}${path}`, path, headers));
    say(`  ${rows.at(-1)!.join('  ')}`);
  }
  const { rssMb } = readMemory(receiver.child.pid);
  await receiver.stop();
  await inbox.leave();
  return {
    title: `What is asked of ${whole(inbox.events)} events`,
    columns: ['asked', 'first time', 'p50', 'p95', 'next page p95', 'hits', 'goal'],
    rows,
    notes: [
      isCold
        ? 'first time: the page cache of the system was dropped before, so that it is read from the disk'
        : 'first time: without the right to drop the page cache of the system, which may have had it',
      `RSS of the receiver afterwards ${whole(rssMb)} MB`,
    ],
  };
}

function startRow({ startUpMs }: Receiver): Row {
  const goal = `< ${whole(GOAL_START_MS)} ms: ${startUpMs < GOAL_START_MS ? 'met' : 'MISSED'}`;
  return ['start to /ready', ms(startUpMs), '', '', '', '', goal];
}

type Page = Readonly<{
  events: readonly Readonly<{ id: string; created_at: string }>[];
  next: string | null;
  firstByteMs: number;
}>;

async function page(origin: string, q: string, cursor: string | null): Promise<Page> {
  const url = new URL('/admin/events', origin);
  url.searchParams.set('q', q);
  if (cursor !== null) url.searchParams.set('cursor', cursor);
  const { text, firstByteMs, status } = await ask(url, ADMIN);
  if (status !== 200) throw new Error(`${url}: ${status} ${text.slice(0, 400)}`);
  return { ...JSON.parse(text), firstByteMs };
}

async function askQuestion(origin: string, { q, isIndexed }: Question): Promise<Row> {
  dropPageCache();
  const cold = await page(origin, q, null);
  const first = await repeat(async () => (await page(origin, q, null)).firstByteMs);
  const walk = () => {
    let cursor = cold.next;
    return repeat(async () => {
      if (cursor === null) return null;
      const found = await page(origin, q, cursor);
      cursor = found.next;
      return found.firstByteMs;
    });
  };
  await walk();
  const next = await walk();
  const holds = [first, next].every(({ p95Ms, count }) => count === 0 || p95Ms < GOAL_QUESTION_MS);
  const goal = isIndexed ? `< ${GOAL_QUESTION_MS} ms: ${holds ? 'met' : 'MISSED'}` : '';
  const more = next.count === 0 ? '' : ms(next.p95Ms);
  return [`\`${q}\``, ms(cold.firstByteMs), ...warm(first), more, String(cold.events.length), goal];
}

async function askPage(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<Row> {
  dropPageCache();
  const cold = await ask(url, headers);
  const answers = new Set([cold.status]);
  const times = await repeat(async () => {
    const { status, firstByteMs } = await ask(url, headers);
    answers.add(status);
    return firstByteMs;
  });
  // A page that says that the store was late has been missed, however soon it said so.
  const holds = times.p95Ms <= GOAL_PAGE_MS && answers.size === 1 && answers.has(200);
  const goal = `<= ${GOAL_PAGE_MS} ms: ${holds ? 'met' : `MISSED, answered ${[...answers].join(', ')}`}`;
  return [path, ms(cold.firstByteMs), ...warm(times), '', '', goal];
}

function warm({ p50Ms, p95Ms }: Times): string[] {
  return [ms(p50Ms), ms(p95Ms)];
}

function ms(value: number): string {
  return `${fixed(value, 1)} ms`;
}
