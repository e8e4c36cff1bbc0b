import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { readIdentifiers } from './support/source-files.ts';

const ROOT = path.join(import.meta.dirname, '../..');

type Retired = Readonly<{
  /** The identifiers that nothing may have any more. */
  name: RegExp;
  instead: string;
  /** The files where the rule holds; all of them when left out. */
  where?: RegExp;
}>;

/** One word has one meaning (the glossary of CONTRIBUTING.md); these names were given up for the field's terms. */
const RETIRED: readonly Retired[] = [
  { name: /groupCommit/i, instead: 'Batcher' },
  { name: /patience/i, instead: '…_TIMEOUT_MS' },
  { name: /^Silence/, instead: 'TimeoutError' },
  { name: /BackOff$/, instead: 'CircuitBreaker' },
  { name: /^obstacle$/, instead: 'error', where: /^src\/store\// },
  { name: /^(create)?Slots$/, instead: 'Semaphore' },
  { name: /^(create|in)Sequence$/, instead: 'Mutex' },
  { name: /^unsure|Unsure/, instead: 'InDoubt' },
  { name: /giv(en|ing)Way/i, instead: 'isSerializationFailure, retryOnConflict' },
  { name: /^prompt$/, instead: 'interactive' },
  { name: /^patient$/, instead: 'background' },
  { name: /^apart$/, instead: 'distinctByName' },
  { name: /^tight$/, instead: 'nearLimit' },
  { name: /^carefulSize$/, instead: 'nearLimitBatch' },
  {
    name: /^lanes?(?![a-z])|Lanes?(?![a-z])/,
    instead: 'destinationSlot, shard',
    where: /^(?!src\/store\/|docs\/)/,
  },
  { name: /importClaim|claimImport/i, instead: 'importLock' },
  { name: /^wordsOf|^wordsFor/, instead: 'describe…, explain…' },
  { name: /^tellers?$/i, instead: 'notifiers' },
  { name: /^ground$/, instead: 'database', where: /^bench\// },
  { name: /^through$/, instead: 'throughput', where: /^bench\// },
];

function retiredIn(file: string, names: Iterable<string>): string[] {
  return [...names].flatMap((used) =>
    RETIRED.filter(({ name, where }) => name.test(used) && (where?.test(file) ?? true)).map(
      ({ instead }) => `${file}: ${used} (use ${instead})`,
    ),
  );
}

describe('retired identifiers', () => {
  it('are in no code', () => {
    const files = readIdentifiers(ROOT);
    for (const folder of ['src', 'test', 'testkit', 'bench', 'examples', 'docs']) {
      assert.ok(
        [...files.keys()].some((file) => file.startsWith(`${folder}/`)),
        `${folder}/ was not searched`,
      );
    }
    assert.deepEqual(
      [...files].flatMap(([file, names]) => retiredIn(file, names)),
      [],
    );
  });

  it('are in no page', () => {
    const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT, exclude: ['CHANGELOG.md'] });
    assert.ok(pages.length > 30, `only ${pages.length} pages were found: is the search right?`);
    assert.deepEqual(
      pages.flatMap((page) => retiredIn(page, namesOfPage(readFileSync(path.join(ROOT, page), 'utf8')))),
      [],
    );
  });

  it('are seen in code and in pages', () => {
    assert.deepEqual(retiredIn('src/a.ts', ['CLAIM_PATIENCE_MS', 'createSlots', 'lane', 'SlotsOfTime']), [
      'src/a.ts: CLAIM_PATIENCE_MS (use …_TIMEOUT_MS)',
      'src/a.ts: createSlots (use Semaphore)',
      'src/a.ts: lane (use destinationSlot, shard)',
    ]);
    assert.deepEqual(retiredIn('src/store/a.ts', ['lane']), []);
    assert.deepEqual([...namesOfPage('The words `createSequence(x)` and apart.')], ['createSequence', 'x']);
  });
});

/** Names in what a page sets as code: the words of its prose are words. */
function namesOfPage(page: string): Set<string> {
  const code = page.match(/```[\s\S]*?```|`[^`\n]+`/g) ?? [];
  return new Set(code.flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []));
}
