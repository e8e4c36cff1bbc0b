/**
 * The way to stop one attempt, and whether it was stopped. An AbortController says the same at several times the price,
 * which every attempt would pay although hardly any is stopped.
 */
export class Cancellation {
  #cancelled: Readonly<{ reason: unknown }> | null = null;
  #onCancel: (() => void) | null = null;

  /** Stops the attempt. The first reason stays. */
  cancel(reason: unknown): void {
    if (this.#cancelled !== null) return;
    this.#cancelled = { reason };
    this.#onCancel?.();
  }

  get isCancelled(): boolean {
    return this.#cancelled !== null;
  }

  /** Why, or undefined. */
  get reason(): unknown {
    return this.#cancelled?.reason;
  }

  /** Calls back once, when it is cancelled from now on. There is one listener; null ends the listening. */
  listen(onCancel: (() => void) | null): void {
    this.#onCancel = onCancel;
  }
}
