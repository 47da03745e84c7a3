/** What a page draws tells it when to draw again. */

export class Observable {
  readonly #listeners = new Set<() => void>();
  #isTold = true;
  #version = 0;

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Calls back after changes, once for all that happen together; the result ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    this.#version += 1;
    if (!this.#isTold) return;
    this.#isTold = false;
    queueMicrotask(() => {
      this.#isTold = true;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
