import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTokens } from '../admin/tokens.ts';
import { openSession, SESSION_MS, sealSession } from './session.ts';

const ANN = { name: 'ann, of the shop', role: 'operator', token: 'the token of ann' } as const;
const BOB = { name: 'bob', role: 'viewer', token: 'the token of bob' } as const;
const tokens = createTokens([ANN, BOB]);
const NOW = 1_800_000_000_000;

describe('a session', () => {
  const sealed = sealSession(tokens, ANN, NOW);

  it('is that of its token, on every node, for twelve hours', () => {
    const other = createTokens([BOB, ANN]);
    assert.deepEqual(openSession(other, sealed, NOW), { name: ANN.name, role: 'operator' });
    assert.deepEqual(openSession(other, sealed, NOW + SESSION_MS - 1), { name: ANN.name, role: 'operator' });
    assert.equal(openSession(other, sealed, NOW + SESSION_MS), null);
  });

  it('ends with its token', () => {
    assert.equal(openSession(createTokens([{ ...ANN, token: 'a new token of ann' }]), sealed, NOW), null);
    assert.equal(openSession(createTokens([BOB]), sealed, NOW), null);
  });

  it('has the role that the token has now', () => {
    const demoted = createTokens([{ ...ANN, role: 'viewer' }]);
    assert.equal(openSession(demoted, sealed, NOW)?.role, 'viewer');
  });

  it('cannot be made, prolonged, or changed to another name', () => {
    const [name, ends, mac] = sealed.split('.') as [string, string, string];
    const bob = Buffer.from('bob').toString('base64url');
    const forged = [
      `${bob}.${ends}.${mac}`,
      `${name}.${Number(ends) + 1}.${mac}`,
      `${name}.${ends}.`,
      `${name}.${ends}.${mac.slice(1)}`,
      `${name}.${ends}.${mac}.x`,
      `${name}.${ends}`,
      '',
      '..',
      `${name}.Infinity.${mac}`,
    ];
    for (const value of forged) assert.equal(openSession(tokens, value, NOW), null, value);
  });

  it('that a clock far ahead made ends no later than twelve hours from now', () => {
    const ahead = sealSession(tokens, ANN, NOW + 10 * SESSION_MS);
    assert.equal(openSession(tokens, ahead, NOW), null);
  });
});
