// npm run docs: generates parts of the documentation from the code. A test fails when they differ.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SETTINGS, type Setting } from '../src/config/settings.ts';
import { FAMILY_PAGES, renderFamilies, renderFamily, renderProviders } from './render-providers.ts';
import { renderTable } from './render-table.ts';

/** The repository's own folder. */
export const ROOT = path.join(import.meta.dirname, '..');

/** The pages with generated parts. */
export const GENERATED: readonly string[] = [
  'README.md',
  'docs/configuration.md',
  'docs/handlers.md',
  'docs/library.md',
  'docs/providers.md',
  ...FAMILY_PAGES,
];

/** `<!-- name:start argument -->`, the generated text, `<!-- name:end -->` */
const PART = /(<!-- (?<name>[a-z-]+):start(?: (?<argument>\S+))? -->\n)[\s\S]*?(<!-- \k<name>:end -->)/g;

const RENDER: Readonly<Record<string, (argument: string) => string>> = {
  settings: (names) => renderSettings(named(names), ['default', 'meaning']),
  'settings-full': () => renderSettings(SETTINGS, ['default', 'takes', 'meaning']),
  file: renderFile,
  providers: renderProviders,
  families: renderFamilies,
  family: renderFamily,
};

/** The names of the generated parts. */
export const PARTS: readonly string[] = Object.keys(RENDER);

/** Returns the page with every generated part rendered again. Parts with other names stay unchanged. */
export function generate(text: string): string {
  return text.replace(PART, (part: string, ...groups: unknown[]) => {
    const { name, argument } = groups.at(-1) as { name: string; argument?: string };
    const render = RENDER[name];
    return render === undefined
      ? part
      : part.replace(
          /(-->\n)[\s\S]*(<!--)/,
          (_, open, close) => `${open}${render(argument ?? '')}\n${close}`,
        );
  });
}

type Column = 'default' | 'takes' | 'meaning';

const CELLS: Readonly<Record<Column, (setting: Setting) => string>> = {
  default: (setting) => (setting.default === null ? 'unset' : `\`${setting.default}\``),
  takes: (setting) => setting.takes,
  meaning: (setting) => setting.meaning,
};

/** The settings of a list such as `PORT,DB_PATH`, in its order. Throws if there is no setting of a name. */
function named(list: string): Setting[] {
  return list.split(',').map((name) => {
    const setting = SETTINGS.find((candidate) => candidate.name === name);
    if (setting === undefined) throw new Error(`there is no setting ${name}`);
    return setting;
  });
}

function renderSettings(settings: readonly Setting[], columns: readonly Column[]): string {
  const rows = settings.map((setting) => [
    setting.secret ? `\`${setting.name}\` *` : `\`${setting.name}\``,
    ...columns.map((name) => CELLS[name](setting)),
  ]);
  return renderTable(['Variable', ...columns.map((name) => name[0]!.toUpperCase() + name.slice(1))], rows);
}

/** A file of the repository as a code block. */
function renderFile(file: string): string {
  const language = path.extname(file).slice(1);
  return `\`\`\`${language}\n${readFileSync(path.join(ROOT, file), 'utf8').trimEnd()}\n\`\`\``;
}

if (import.meta.main) {
  for (const document of GENERATED) {
    const file = path.join(ROOT, document);
    const old = readFileSync(file, 'utf8');
    const made = generate(old);
    if (made === old) continue;
    writeFileSync(file, made);
    console.log(`${document}: updated`);
  }
}
