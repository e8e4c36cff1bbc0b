import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { drawLatency, meanOf } from './latency.ts';
import type { Load, Model, Stage } from './model.ts';
import { simulate } from './simulate.ts';
import { createTimeline } from './timeline.ts';

const RUN = { seed: 7, seconds: 60, warmUpSeconds: 5 };
const FREE: Stage = { name: 'insert', beforeMs: 0, afterMs: 0, perBatchMs: 0, perEventMs: 0 };

/** Everything costs nothing, unless a test says what it does. */
function aModel(
  load: Load,
  parts: {
    stage?: Partial<Stage>;
    nodes?: Partial<Model['nodes']>;
    shards?: Partial<Model['shards']>;
    networkMs?: number;
    stages?: Stage[];
  } = {},
): Model {
  return {
    nodes: {
      count: 1,
      cores: 64,
      perTurnMs: 0,
      perBatchMs: 0,
      maxPerTurn: Infinity,
      maxBatch: Infinity,
      maxInFlight: 1,
      ...parts.nodes,
    },
    shards: { count: 1, cores: 64, writing: 'one', flush: { medianMs: 0, p99Ms: 0 }, ...parts.shards },
    stages: parts.stages ?? [{ ...FREE, ...parts.stage }],
    networkMs: parts.networkMs ?? 0,
    load,
  };
}

const always = (ms: number) => ({ medianMs: ms, p99Ms: ms });

function near(got: number, expected: number, share: number, what: string): void {
  assert.ok(
    Math.abs(got - expected) <= share * expected,
    `${what}: ${got}, expected ${expected} within ${share * 100} %`,
  );
}

describe('against queueing theory', () => {
  for (const busy of [0.3, 0.6, 0.9]) {
    it(`commits of one event each, under way for ${busy * 100} % of the time, are M/D/1`, () => {
      const commitMs = 1;
      const model = aModel(
        { kind: 'open', perSecond: (busy * 1000) / commitMs },
        { nodes: { maxBatch: 1, maxInFlight: Infinity }, shards: { flush: always(commitMs) } },
      );
      const { meanMs, flushesPerSecondAndShard } = simulate(model, { ...RUN, seconds: 200 });
      // Pollaczek and Khinchine, for a service that always takes the same.
      const expectedMs = commitMs + (busy * commitMs) / (2 * (1 - busy));
      near(meanMs, expectedMs, busy > 0.8 ? 0.08 : 0.02, 'time in the system');
      near((flushesPerSecondAndShard * commitMs) / 1000, busy, 0.02, 'share of the time');
    });
  }

  for (const perSecond of [50, 500, 5_000]) {
    it(`group commit at ${perSecond} events/s and 2 ms a commit is the gated batch queue`, () => {
      const commitMs = 2;
      const { meanMs, p99Ms, eventsPerBatch } = simulate(
        aModel({ kind: 'open', perSecond }, { shards: { flush: always(commitMs) } }),
        RUN,
      );
      // A commit is under way for a share of the time; who comes then waits for half of it on average, then for its own.
      const perMs = perSecond / 1000;
      const idleMs = Math.exp(-perMs * commitMs) / perMs;
      const share = commitMs / (commitMs + idleMs);
      near(meanMs, commitMs + (share * commitMs) / 2, 0.02, 'time in the system');
      assert.ok(p99Ms <= 2 * commitMs + 1e-9, 'nobody waits for more than two commits, whatever the load');
      near(eventsPerBatch, perMs * (commitMs + idleMs), 0.03, 'events in a commit');
    });
  }

  it('what comes in, and how long it stays, give how much is inside', () => {
    const model = aModel(
      { kind: 'open', perSecond: 3_000 },
      {
        stage: { beforeMs: 0.1, afterMs: 0.1, perBatchMs: 0.3, perEventMs: 0.02 },
        nodes: { count: 2, cores: 2, maxInFlight: 2 },
        shards: { count: 3, cores: 2, writing: 'shared', flush: { medianMs: 1, p99Ms: 6 } },
        networkMs: 0.2,
      },
    );
    const { acceptedPerSecond, meanMs, inSystem } = simulate(model, RUN);
    near(inSystem, (acceptedPerSecond * meanMs) / 1000, 0.01, 'events inside (Little)');
    near(acceptedPerSecond, 3_000, 0.01, 'events/s');
  });

  it('clients that wait for their answers part into two groups that take turns', () => {
    const load = { kind: 'closed', clients: 64, clientMs: 0 } as const;
    const { acceptedPerSecond, eventsPerBatch, meanMs } = simulate(
      aModel(load, { shards: { flush: always(4) } }),
      RUN,
    );
    // While the commit of one group is under way the other gathers, so each client is in every second one.
    near(acceptedPerSecond, 64 / (2 * 0.004), 0.01, 'events/s');
    near(eventsPerBatch, 32, 0.01, 'events in a commit');
    near(meanMs, 8, 0.01, 'time in the system');
  });

  it('no more is done than the processors have time for', () => {
    const model = aModel(
      { kind: 'closed', clients: 256, clientMs: 0.02 },
      {
        stage: { beforeMs: 0.03, afterMs: 0.01, perEventMs: 0.04 },
        nodes: { cores: 2, maxInFlight: 2 },
        shards: { cores: 'node' },
      },
    );
    const { acceptedPerSecond } = simulate(model, { ...RUN, seconds: 5 });
    const bound = 2000 / (0.02 + 0.03 + 0.01 + 0.04);
    assert.ok(acceptedPerSecond <= bound * 1.001);
    assert.ok(
      acceptedPerSecond > 0.9 * bound,
      'and not much less: none of the threads has to wait for another',
    );
  });
});

describe('what the model is made for', () => {
  it('a flush that several receivers wait for is shared', () => {
    const shards = { cores: 64, flush: always(5) } as const;
    const load = { kind: 'open', perSecond: 4_000 } as const;
    const one = simulate(aModel(load, { nodes: { count: 8 }, shards: { ...shards, writing: 'one' } }), RUN);
    const shared = simulate(
      aModel(load, { nodes: { count: 8 }, shards: { ...shards, writing: 'shared' } }),
      RUN,
    );
    near(shared.flushesPerSecondAndShard, 200, 0.05, 'flushes, one after the other');
    assert.ok(
      shared.p99Ms <= 20.001,
      'the flush under way and its own, for the batch before and for its own',
    );
    assert.ok(one.meanMs > 2 * shared.meanMs);
  });

  it('more than can be done grows, and the growth is told', () => {
    const model = aModel(
      { kind: 'open', perSecond: 1_500 },
      { stage: { beforeMs: 1 }, nodes: { maxPerTurn: 1 } },
    );
    const { acceptedPerSecond, growthPerSecond } = simulate(model, RUN);
    near(acceptedPerSecond, 1_000, 0.01, 'events/s');
    near(growthPerSecond, 500, 0.05, 'growth');
  });

  it('an event goes through all stages, and the answer waits for the first alone', () => {
    const stages = [FREE, { ...FREE, name: 'settle', perBatchMs: 10 }];
    const model = aModel(
      { kind: 'open', perSecond: 100 },
      { stages, shards: { flush: always(1), writing: 'shared' } },
    );
    const { acceptedPerSecond, completedPerSecond, p99Ms } = simulate(model, RUN);
    near(completedPerSecond, acceptedPerSecond, 0.01, 'completed');
    assert.ok(p99Ms < 5);
  });

  it('shards divide the work', () => {
    const load = { kind: 'open', perSecond: 3_000 } as const;
    const stage = { perEventMs: 1 };
    const shards = { cores: 1, writing: 'shared' } as const;
    assert.ok(simulate(aModel(load, { stage, shards: { ...shards, count: 2 } }), RUN).growthPerSecond > 500);
    assert.ok(
      Math.abs(simulate(aModel(load, { stage, shards: { ...shards, count: 4 } }), RUN).growthPerSecond) < 20,
    );
  });

  it('the same seed gives the same, another seed something near', () => {
    const model = aModel(
      { kind: 'open', perSecond: 900 },
      { stage: { beforeMs: 0.5 }, shards: { flush: { medianMs: 1, p99Ms: 9 } } },
    );
    const first = simulate(model, RUN);
    assert.deepEqual(simulate(model, RUN), first);
    const other = simulate(model, { ...RUN, seed: 8 });
    assert.notDeepEqual(other, first);
    near(other.meanMs, first.meanMs, 0.05, 'mean');
  });
});

describe('drawLatency', () => {
  it('has the median, the 99th percentile and the mean that it says', () => {
    const spread = { medianMs: 2, p99Ms: 12 };
    const draw = drawLatency(spread, createSeededRandom(3));
    const drawn = Array.from({ length: 100_000 }, draw).sort((a, b) => a - b);
    near(drawn[50_000]!, 2, 0.02, 'median');
    near(drawn[99_000]!, 12, 0.05, 'p99');
    near(drawn.reduce((a, b) => a + b) / drawn.length, meanOf(spread), 0.02, 'mean');
  });
});

describe('the timeline', () => {
  it('lets things happen in the order of their times, then of their planning', () => {
    const timeline = createTimeline();
    const random = createSeededRandom(1);
    const happened: [number, number][] = [];
    for (let i = 0; i < 1000; i++) {
      const delay = random.int(50);
      timeline.after(delay, () => happened.push([delay, i]));
    }
    timeline.runUntil(100);
    const sorted = happened.toSorted(([a, i], [b, j]) => a - b || i - j);
    assert.deepEqual(happened, sorted);
    assert.equal(happened.length, 1000);
    assert.equal(timeline.nowMs(), 100);
  });
});
