import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Need, Provider } from '../verify/provider.ts';
import { PROVIDERS } from '../verify/providers/index.ts';
import { KEY_PROVIDERS, OTHER_PROVIDERS, SECRET_PROVIDERS } from './provider-names.ts';

const must = ({ needs }: Provider, option: Need['option']) =>
  needs.some((need) => need.option === option && need.optional !== true && need.oneOf === undefined);
const namesOf = (providers: readonly Provider[]) =>
  providers.flatMap(({ id, aliases = [] }) => [id, ...aliases]).toSorted();

it('has every provider in the group of what its source must have', () => {
  const keyed = PROVIDERS.filter((provider) => must(provider, 'publicKey'));
  const secret = PROVIDERS.filter((provider) => must(provider, 'secret') && !keyed.includes(provider));
  const others = PROVIDERS.filter((provider) => !keyed.includes(provider) && !secret.includes(provider));
  assert.deepEqual([...KEY_PROVIDERS], namesOf(keyed));
  assert.deepEqual([...SECRET_PROVIDERS], namesOf(secret));
  assert.deepEqual([...OTHER_PROVIDERS], namesOf(others));
});
