/** Something with a life of its own. The composition root starts services in order and stops them in reverse. */
export interface Service {
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}
