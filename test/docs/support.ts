import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../docs/generate.ts';

export { ROOT };

/** A file of the repository, by its path from the root. */
export function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** All pages of the documentation, by their path from the root. */
export const PAGES: readonly string[] = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).sort();

/** The page without its code blocks, line breaks kept. */
export function withoutCode(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, (block) => block.replace(/[^\n]/g, ''));
}

/** The part of a page from a heading to the next one of its level or a higher one. */
export function section(page: string, heading: string): string {
  const level = /^#+/.exec(heading)![0].length;
  const lines = page.split('\n');
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`there is no heading "${heading}"`);
  const prose = withoutCode(page).split('\n');
  const end = prose.findIndex((line, at) => at > start && new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(start, end === -1 ? undefined : end).join('\n');
}

/** The rows of all tables in a text, heads and rulers left out, as cells. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line, at) => line.startsWith('|') && !isRuler(line) && !isRuler(lines[at + 1] ?? ''))
    .map((line) => line.replace(/^\|/, '').replace(/\|$/, ''))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

function isRuler(line: string): boolean {
  return /^\|( *:?-+:? *\|)+$/.test(line);
}

/** The texts in backticks. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
}

/** The names of the rows: what their first cell has in backticks. */
export function rowNames(text: string): string[] {
  return tableRows(text).flatMap(([name]) => codeSpans(name!));
}
