/**
 * The way to stop one attempt, and whether it was stopped. An AbortController says the same at several times the price,
 * which every attempt would pay although hardly any is stopped: it exists once its signal is asked for.
 */
export class Cancellation {
  #cancelled: Readonly<{ reason: unknown }> | null = null;
  #onCancel: (() => void) | null = null;
  #controller: AbortController | null = null;

  /** Stops the attempt. The first reason stays. */
  cancel(reason: unknown): void {
    if (this.#cancelled !== null) return;
    this.#cancelled = { reason };
    this.#controller?.abort(reason);
    this.#onCancel?.();
  }

  get isCancelled(): boolean {
    return this.#cancelled !== null;
  }

  /** Why, or undefined. */
  get reason(): unknown {
    return this.#cancelled?.reason;
  }

  /** Aborts when it is cancelled. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#cancelled !== null) this.#controller.abort(this.#cancelled.reason);
    }
    return this.#controller.signal;
  }

  /** Calls back once, when it is cancelled from now on. There is one listener; null ends the listening. */
  listen(onCancel: (() => void) | null): void {
    this.#onCancel = onCancel;
  }
}
