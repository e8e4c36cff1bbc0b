/** A part that runs in the background. The composition root starts services in order and stops them in reverse. */
export interface Service {
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}
