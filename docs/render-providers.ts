import {
  type Description,
  describeKey,
  describeProvider,
  describeType,
  listNeeds,
  nameAlgorithms,
} from '../src/cli/describe-provider.ts';
import { FAMILIES, type Family, type Provider } from '../src/verify/provider.ts';
import { PROVIDERS } from '../src/verify/providers/index.ts';
import { renderTable } from './render-table.ts';

/** The pages of the families, as paths from the root. */
export const FAMILY_PAGES: readonly string[] = Object.keys(FAMILIES).map(
  (family) => `docs/providers/${family}.md`,
);

/** A table with one row per provider, sorted by name. */
export function renderProviders(): string {
  const head = [
    'Provider',
    '`provider`',
    'Verified by',
    'Needs',
    'Idempotency key',
    'Event type',
    'Handshakes',
  ];
  return renderTable(head, byName(PROVIDERS).map(rowOf));
}

function rowOf(provider: Provider): string[] {
  const { id, name, family, needs, handshakes = [] } = provider;
  return [
    `[${name}](providers/${family}.md#${anchorOf(name)})`,
    `\`${id}\``,
    nameAlgorithms(provider),
    listNeeds(needs),
    describeKey(provider),
    describeType(provider),
    [...new Set(handshakes.map((handshake) => handshake.name))].join(', ') || 'none',
  ];
}

/** A table with one row per family: its page and its members. */
export function renderFamilies(): string {
  const rows = (Object.entries(FAMILIES) as [Family, string][]).map(([family, title]) => [
    `[${title}](providers/${family}.md)`,
    membersOf(family)
      .map(({ name }) => name)
      .join(', ') || 'none yet',
  ]);
  return renderTable(['Family', 'Members'], rows);
}

/** A section for each provider of a family. */
export function renderFamily(family: string): string {
  return membersOf(family).map(renderMember).join('\n\n');
}

function membersOf(family: string): readonly Provider[] {
  return byName(PROVIDERS).filter((provider) => provider.family === family);
}

function byName(providers: readonly Provider[]): readonly Provider[] {
  return providers.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}

function renderMember(provider: Provider): string {
  const topics = describeProvider(provider).map(renderTopic);
  return [`### ${provider.name}`, '', `\`provider: '${provider.id}'\``, '', ...topics].join('\n');
}

function renderTopic({ topic, lines }: Description[number]): string {
  if (lines.length === 1) return `- **${topic}**: ${lines[0]}`;
  return [`- **${topic}**:`, ...lines.map((line) => `  - ${line}`)].join('\n');
}

/** The anchor of a heading, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}
