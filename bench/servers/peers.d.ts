// As much of the peers' types as the benchmark uses, so that `tsc` passes where bench/node_modules is missing.

declare module 'bullmq' {
  export class Queue {
    constructor(name: string, options: { connection: { host: string; port: number } });
    waitUntilReady(): Promise<unknown>;
    add(name: string, data: unknown, options: { jobId: string }): Promise<{ id?: string }>;
  }
  export class Worker {
    constructor(
      name: string,
      work: () => Promise<void>,
      options: { connection: { host: string; port: number }; concurrency: number },
    );
    on(event: 'completed', listener: () => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
  }
}

declare module 'pg-boss' {
  export class PgBoss {
    constructor(options: { connectionString: string; max: number; supervise: boolean; schedule: boolean });
    on(event: 'error', listener: (error: Error) => void): void;
    start(): Promise<unknown>;
    createQueue(name: string): Promise<void>;
    send(name: string, data: object): Promise<string | null>;
    work(
      name: string,
      options: { batchSize: number; pollingIntervalSeconds: number; burstWhenBatchFull: boolean },
      handle: (jobs: readonly unknown[]) => Promise<void>,
    ): Promise<string>;
  }
}

declare module 'autocannon' {
  type Request = { method: string; headers: Record<string, string>; body?: string };
  export default function autocannon(options: {
    url: string;
    connections: number;
    duration: number;
    requests: (Request & { setupRequest(request: Request): Request })[];
  }): Promise<{
    duration: number;
    '2xx': number;
    non2xx: number;
    errors: number;
    timeouts: number;
    latency: { p50: number; p99: number };
  }>;
}
