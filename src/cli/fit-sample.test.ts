import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Provider } from '../verify/provider.ts';
import { findProvider, PROVIDERS } from '../verify/providers/index.ts';
import { makeSample, type SampleEvent } from '../verify/sign/sample-event.ts';
import { fitSample, typeOfSample } from './fit-sample.ts';

const fit = (provider: Provider, eventType: string): SampleEvent | null => {
  const options = { eventType, body: null, nowMs: 1_760_000_000_000, uuid: 'u-1' };
  return fitSample(provider, makeSample(provider, options), eventType);
};
const json = (event: SampleEvent | null) => JSON.parse(Buffer.from(event!.body).toString());

describe('a sample of another event type', () => {
  it('has every part of the type where the provider puts it', () => {
    const github = fit(findProvider('github')!, 'issues.opened');
    assert.equal(github?.headers['X-GitHub-Event'], 'issues');
    assert.equal(json(github).action, 'opened');
    const asana = json(fit(findProvider('asana')!, 'story.added'));
    assert.deepEqual([asana.events[0].resource.resource_type, asana.events[0].action], ['story', 'added']);
    const strava = json(fit(findProvider('strava')!, 'athlete.update'));
    assert.deepEqual([strava.object_type, strava.aspect_type], ['athlete', 'update']);
    const telegram = json(fit(findProvider('telegram')!, 'edited_message'));
    assert.deepEqual(Object.keys(telegram), ['update_id', 'edited_message']);
  });

  it('is none where the type cannot be set', () => {
    assert.equal(fit(findProvider('airtable')!, 'record.created'), null);
    assert.equal(fit(findProvider('braintree')!, 'dispute_opened'), null);
  });

  for (const provider of PROVIDERS) {
    it(`of ${provider.id} has that type, or is none`, () => {
      for (const eventType of ['some.thing', 'thing', 'a.b.c', provider.sample?.eventType ?? 'x']) {
        const fitted = fit(provider, eventType);
        if (fitted !== null) assert.equal(typeOfSample(provider, fitted), eventType);
        else assert.notEqual(eventType, provider.sample?.eventType);
      }
    });
  }
});
