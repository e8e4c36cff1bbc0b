import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { ReceiverEvent } from '../../src/events.ts';
import { reportStart } from '../../src/observe/report-start.ts';
import type { StoreStats } from '../../src/store/store.ts';
import { startSources } from './sources-support.ts';
import { post } from './support.ts';

describe('reportStart', () => {
  it('warns of a source that accepts the first secret that it receives, until it has one', async (t) => {
    const { ingest, store, url } = await startSources(t, {
      sources: { asana: { provider: 'asana' }, github: { provider: 'github', secrets: ['s'] }, plain: null },
    });
    const config = await loadConfig({ env: {}, cwd: import.meta.dirname });
    const warnings = async () => {
      const events: ReceiverEvent[] = [];
      const stats = await store.stats();
      reportStart(
        { ...config, url, adminUrl: url, stats, sources: [...ingest.inEffect().sources.values()] },
        (event) => void events.push(event),
      );
      return events.flatMap((event) => (event.type === 'receiver.warning' ? event.message : []));
    };
    const secret = 'b537207f20cbfa02357cf448134da559';
    const [warning, ...more] = await warnings();
    assert.match(warning!, /asana has no secret yet and accepts the first one that it receives/);
    assert.deepEqual(more, []);
    const sent = await post(`${url}/webhooks/asana`, '{}', { 'X-Hook-Secret': secret });
    assert.equal(sent.status, 200, sent.text);
    assert.deepEqual(await warnings(), []);
  });

  it('warns of filters that can match nothing', async () => {
    const warningsFor = (filters: Readonly<Record<string, readonly string[]>>) => {
      const events: ReceiverEvent[] = [];
      const destinations = Object.entries(filters).map(([name, sources]) => ({
        ...{ name, sources, target: { kind: 'http' } },
      }));
      const stats = { counts: [] } as unknown as StoreStats;
      const sources = ['default', 'github'].map((name) => ({ name, rules: null }));
      const facts = {
        url: 'http://h',
        adminUrl: 'http://h',
        dbPath: 'x',
        databaseUrl: null,
        queueUrl: null,
        configFile: null,
        tokens: [],
      };
      reportStart({ ...facts, destinations, stats, sources }, (event) => void events.push(event));
      return events.flatMap((event) => (event.type === 'receiver.warning' ? event.message : []));
    };
    assert.deepEqual(
      warningsFor({ all: ['*'], one: ['github'], some: ['git*', 'default'], pager: ['_alerts'] }),
      [],
    );
    assert.deepEqual(warningsFor({ none: ['gihtub', 'stripe*'], part: ['github', 'strype'] }), [
      'the destination none gets no events: no configured source matches its sources, "gihtub", "stripe*"',
      'the destination part names sources that are not configured: "strype"',
    ]);
  });

  it('names once the sources whose captured requests nothing recognises', async (t) => {
    const github = { provider: 'github', secrets: ['s'] };
    const { ingest, store, url } = await startSources(t, {
      sources: {
        ...{ github, gitlab: { provider: 'gitlab', secrets: ['s'] } },
        windowed: { ...github, replayWindowMs: 60_000 },
        meant: { ...github, replayWindowMs: 0 },
        stripe: { provider: 'stripe', secrets: ['s'] },
        mailgun: { provider: 'mailgun', secrets: ['s'] },
        plain: null,
      },
    });
    const config = await loadConfig({ env: {}, cwd: import.meta.dirname });
    const events: ReceiverEvent[] = [];
    const stats = await store.stats();
    reportStart(
      { ...config, url, adminUrl: url, stats, sources: [...ingest.inEffect().sources.values()] },
      (event) => void events.push(event),
    );
    const notices = events.flatMap((event) => (event.type === 'receiver.notice' ? event.message : []));
    assert.deepEqual(
      notices.filter((message) => message.includes('replay mark')).map((message) => message.split('. ')[0]),
      ['without a replay mark: github, gitlab'],
    );
  });
});
