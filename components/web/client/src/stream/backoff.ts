/** Growing, random pauses between attempts, so that clients that fail together do not come back together. */

/** The bound of the first pause and of every pause, in milliseconds. */
const FIRST = 500;
const LONGEST = 30_000;

export class Backoff {
  #attempts = 0;

  constructor(readonly random: () => number) {}

  /** The next pause: anything up to a bound that doubles each time. */
  next(): number {
    const bound = Math.min(LONGEST, FIRST * 2 ** Math.min(this.#attempts, 16));
    this.#attempts += 1;
    return this.random() * bound;
  }

  /** A long pause, whatever was before. */
  long(): number {
    return LONGEST * (1 + this.random());
  }

  /** All is well again. */
  reset(): void {
    this.#attempts = 0;
  }
}
