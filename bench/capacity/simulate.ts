import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { percentile } from '../support/stats.ts';
import { type Cores, createCores } from './cores.ts';
import { drawGap, drawLatency } from './latency.ts';
import type { Model, Result, Run } from './model.ts';
import { createTimeline, type Timeline } from './timeline.ts';

/** Moves on: the stage that it is at is the index of what it waits for. */
type Event = { arrivedMs: number; readonly shard: number; stage: number };
type Batch = Readonly<{ node: Node; events: readonly Event[] }>;

type Node = {
  readonly cores: Cores;
  /** What the main thread has to do, and whether it is at it. */
  requests: Event[];
  answers: Event[];
  /** Batches whose answers have not been looked at. */
  returned: number;
  isBusy: boolean;
  mainMs: number;
  /** By shard and stage. */
  readonly waiting: Event[][];
  readonly inFlight: number[];
};

type Shard = {
  readonly cores: Cores;
  /** For `one`: batches in line, and whether one is written. */
  readonly line: Batch[];
  isWriting: boolean;
  /** For `shared`. */
  unflushed: Batch[];
  isFlushing: boolean;
};

/** Runs the model. The same seed gives the same result. */
export function simulate(model: Model, run: Run): Result {
  const timeline = createTimeline();
  const random = createSeededRandom(run.seed);
  const tally = createTally(timeline, run.warmUpSeconds * 1000);
  const flushMs = drawLatency(model.shards.flush, random);
  const nodes = Array.from({ length: model.nodes.count }, () => createNode(timeline, model));
  const shards = Array.from({ length: model.shards.count }, (_, at) =>
    createShard(
      model.shards.cores === 'node'
        ? nodes[at % nodes.length]!.cores
        : createCores(timeline, model.shards.cores),
    ),
  );
  const { stages, networkMs } = model;
  const { maxPerTurn, maxBatch, maxInFlight, perTurnMs, perBatchMs } = model.nodes;

  /** One turn of the event loop: takes all that is there, then submits what may be. */
  const turn = (node: Node) => {
    if (node.isBusy || node.requests.length + node.answers.length === 0) return;
    node.isBusy = true;
    const answers = node.answers.splice(0, maxPerTurn);
    const requests = node.requests.splice(0, maxPerTurn - answers.length);
    const busyMs =
      perTurnMs +
      perBatchMs * node.returned +
      sum(answers, ({ stage }) => stages[stage]!.afterMs) +
      sum(requests, ({ stage }) => stages[stage]!.beforeMs);
    node.returned = 0;
    node.mainMs += busyMs;
    node.cores.run(busyMs, () => {
      node.isBusy = false;
      for (const event of requests) node.waiting[event.shard * stages.length + event.stage]!.push(event);
      for (const event of answers) advance(node, event);
      for (let queue = 0; queue < node.waiting.length; queue++) submit(node, queue);
      turn(node);
    });
  };

  const submit = (node: Node, queue: number) => {
    while (node.waiting[queue]!.length > 0 && node.inFlight[queue]! < maxInFlight) {
      const events = node.waiting[queue]!.splice(0, maxBatch);
      node.inFlight[queue]! += 1;
      tally.submitted(events[0]!.stage, events.length);
      const shard = shards[events[0]!.shard]!;
      timeline.after(networkMs, () => write(shard, { node, events }));
    }
  };

  const advance = (node: Node, event: Event) => {
    if (event.stage === 0) {
      tally.accepted(event.arrivedMs);
      clients.answered(node);
    }
    if (event.stage === stages.length - 1) return tally.completed();
    event.stage += 1;
    node.requests.push(event);
  };

  const answer = ({ node, events }: Batch) => {
    timeline.after(networkMs, () => {
      const queue = events[0]!.shard * stages.length + events[0]!.stage;
      node.inFlight[queue]! -= 1;
      node.answers.push(...events);
      node.returned += 1;
      // What was gathered meanwhile goes at once, not when all the answers are written.
      submit(node, queue);
      turn(node);
    });
  };

  const costOf = ({ events }: Batch) => {
    const stage = stages[events[0]!.stage]!;
    return stage.perBatchMs + stage.perEventMs * events.length;
  };

  const write = (shard: Shard, batch: Batch) => {
    if (model.shards.writing === 'one') {
      shard.line.push(batch);
      return writeNext(shard);
    }
    shard.cores.run(costOf(batch), () => {
      shard.unflushed.push(batch);
      flush(shard);
    });
  };

  const writeNext = (shard: Shard) => {
    const batch = shard.isWriting ? undefined : shard.line.shift();
    if (batch === undefined) return;
    shard.isWriting = true;
    shard.cores.run(costOf(batch), () => {
      timeline.after(flushMs(), () => {
        tally.flushed();
        shard.isWriting = false;
        answer(batch);
        writeNext(shard);
      });
    });
  };

  const flush = (shard: Shard) => {
    if (shard.isFlushing || shard.unflushed.length === 0) return;
    shard.isFlushing = true;
    const batches = shard.unflushed.splice(0);
    timeline.after(flushMs(), () => {
      tally.flushed();
      shard.isFlushing = false;
      for (const batch of batches) answer(batch);
      flush(shard);
    });
  };

  const arrive = (node: Node) => {
    tally.arrived();
    node.requests.push({ arrivedMs: timeline.nowMs(), shard: random.int(model.shards.count), stage: 0 });
    turn(node);
  };

  const clients = createClients(model, timeline, () => nodes[random.int(nodes.length)]!, arrive);
  if (model.load.kind === 'open')
    openLoad(timeline, drawGap(model.load.perSecond, random), () => arrive(nodes[random.int(nodes.length)]!));
  else clients.start();

  timeline.runUntil(run.warmUpSeconds * 1000);
  const before = {
    main: sum(nodes, (node) => node.mainMs),
    shards: sum(shards, ({ cores }) => cores.usedMs()),
  };
  timeline.runUntil((run.warmUpSeconds + run.seconds) * 1000);
  const spanMs = run.seconds * 1000;
  const ofShards = model.shards.cores === 'node' ? model.nodes.cores : model.shards.cores;
  return {
    ...tally.result(run.seconds, model.shards.count),
    mainBusy: (sum(nodes, (node) => node.mainMs) - before.main) / spanMs / nodes.length,
    shardBusy:
      (sum(shards, ({ cores }) => cores.usedMs()) - before.shards) / spanMs / shards.length / ofShards,
  };
}

function createNode(timeline: Timeline, { nodes, shards, stages }: Model): Node {
  return {
    cores: createCores(timeline, nodes.cores),
    requests: [],
    answers: [],
    returned: 0,
    isBusy: false,
    mainMs: 0,
    waiting: Array.from({ length: shards.count * stages.length }, () => []),
    inFlight: new Array<number>(shards.count * stages.length).fill(0),
  };
}

function createShard(cores: Cores): Shard {
  return { cores, line: [], isWriting: false, unflushed: [], isFlushing: false };
}

function openLoad(timeline: Timeline, gapMs: () => number, arrive: () => void): void {
  timeline.after(gapMs(), () => {
    arrive();
    openLoad(timeline, gapMs, arrive);
  });
}

/** A closed load: one thread on the receiver's machine reads the answers and sends on. */
function createClients({ load }: Model, timeline: Timeline, pick: () => Node, arrive: (node: Node) => void) {
  let owed = 0;
  let isBusy = false;
  const sendNext = (node: Node) => {
    if (load.kind !== 'closed' || isBusy || owed === 0) return;
    isBusy = true;
    owed -= 1;
    const sent = () => {
      isBusy = false;
      arrive(pick());
      sendNext(node);
    };
    if (load.clientMs === 0) timeline.after(0, sent);
    else node.cores.run(load.clientMs, sent);
  };
  return {
    start() {
      owed = load.kind === 'closed' ? load.clients : 0;
      sendNext(pick());
    },
    answered(node: Node) {
      if (load.kind !== 'closed') return;
      owed += 1;
      sendNext(node);
    },
  };
}

function createTally(timeline: Timeline, fromMs: number) {
  const latencies: number[] = [];
  let completed = 0;
  let batches = 0;
  let inserted = 0;
  let flushes = 0;
  let unanswered = 0;
  let open = 0;
  let openAtStart: number | null = null;
  let areaMs = 0;
  let lastMs = fromMs;
  const counts = () => {
    if (timeline.nowMs() < fromMs) return false;
    openAtStart ??= open;
    areaMs += unanswered * (timeline.nowMs() - lastMs);
    lastMs = timeline.nowMs();
    return true;
  };
  return {
    arrived() {
      counts();
      unanswered += 1;
      open += 1;
    },
    submitted(stage: number, events: number) {
      if (!counts() || stage !== 0) return;
      batches += 1;
      inserted += events;
    },
    flushed() {
      if (counts()) flushes += 1;
    },
    accepted(arrivedMs: number) {
      if (counts()) latencies.push(timeline.nowMs() - arrivedMs);
      unanswered -= 1;
    },
    completed() {
      if (counts()) completed += 1;
      open -= 1;
    },
    result(seconds: number, shards: number) {
      return {
        acceptedPerSecond: latencies.length / seconds,
        completedPerSecond: completed / seconds,
        meanMs: sum(latencies, (each) => each) / latencies.length,
        p50Ms: percentile(latencies, 0.5),
        p99Ms: percentile(latencies, 0.99),
        eventsPerBatch: inserted / batches,
        flushesPerSecondAndShard: flushes / seconds / shards,
        inSystem: areaMs / (seconds * 1000),
        growthPerSecond: (open - (openAtStart ?? open)) / seconds,
      };
    },
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
