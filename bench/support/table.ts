import type { Spread } from './stats.ts';

export type Table = Readonly<{
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** What a reader has to know to read the rows. */
  notes: readonly string[];
}>;

const NUMERIC = /^[-+<>=≥≤~\d.,\s()×%]*(ms|s|MB|\/s)?$/;

/** Markdown that reads well as plain text too: columns are padded, and numbers are right-aligned. */
export function renderTable(table: Table): string {
  const cells = [table.columns, ...table.rows];
  const widths = table.columns.map((_, column) =>
    Math.max(3, ...cells.map((row) => (row[column] ?? '').length)),
  );
  const right = table.columns.map((_, column) =>
    table.rows.every((row) => NUMERIC.test(row[column] ?? '') || row[column] === 'n/a'),
  );
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => pad(row[column] ?? '', width, right[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (right[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  const body = table.rows.length === 0 ? [] : [line(table.columns), rule, ...table.rows.map(line), ''];
  const notes = table.notes.length === 0 ? [] : [...table.notes.map((note) => `- ${note}`), ''];
  return [`### ${table.title}`, '', ...body, ...notes].join('\n');
}

function pad(text: string, width: number, toRight: boolean): string {
  return toRight ? text.padStart(width) : text.padEnd(width);
}

/** 12,345 */
export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : 'n/a';
}

export function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : 'n/a';
}

/** By the median; when single rounds say otherwise, that is said too: on a noisy machine a median may be luck. */
export function verdict(value: Spread, holds: (value: number) => boolean): string {
  const inEach = holds(value.min) && holds(value.max);
  const inNone = !holds(value.min) && !holds(value.max);
  if (holds(value.median)) return inEach ? 'met' : 'met, not in each round';
  return inNone ? 'MISSED' : 'MISSED, not in each round';
}
