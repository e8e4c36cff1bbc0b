/** An abort signal that exists once it is asked for. */
export class LazySignal {
  #controller: AbortController | null = null;
  #aborted: Readonly<{ reason: unknown }> | null = null;

  get(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== null) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** The first reason stays. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }

  get isAborted(): boolean {
    return this.#aborted !== null;
  }

  get reason(): unknown {
    return this.#aborted?.reason;
  }
}
