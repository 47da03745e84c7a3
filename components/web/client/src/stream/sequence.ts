/** The order of one channel's events: each once, and none left out. */

import type { ChannelEvent } from "./frames.js";

/** Events that wait for a snapshot at most. */
const WAITING = 5_000;

export type Outcome =
  /** It was passed on, or is as soon as the snapshot is there. */
  | "next"
  /** It was there before. */
  | "known"
  /** Events are missing in front of it. */
  | "hole";

export class Sequence {
  #last: number | undefined;
  /** The events since the snapshot was asked for; `undefined` when none is awaited. */
  #waiting: ChannelEvent[] | undefined = [];
  #overflowed = false;

  constructor(readonly pass: (event: ChannelEvent) => void) {}

  /** The number of the last event that has come; `undefined` before anything is known. */
  get last(): number | undefined {
    return this.#last;
  }

  /** Whether a snapshot is awaited. */
  get awaits(): boolean {
    return this.#waiting !== undefined;
  }

  /** Takes an event from the relay. */
  take(event: ChannelEvent): Outcome {
    if (this.#last === undefined) return "hole";
    if (event.seq <= this.#last) return "known";
    if (event.seq !== this.#last + 1) return "hole";
    this.#last = event.seq;
    if (this.#waiting === undefined) this.pass(event);
    else if (this.#waiting.length < WAITING) this.#waiting.push(event);
    else this.#overflowed = true;
    return "next";
  }

  /**
   * From here on a snapshot is awaited that knows of every event up to `last`, if not of more. Events behind it wait.
   */
  await(last: number | undefined): void {
    // What was waiting for an earlier snapshot is either in this one, or behind `last` and comes again.
    this.#waiting = [];
    this.#overflowed = false;
    this.#last = last;
  }

  /**
   * The snapshot is there: passes on what has waited. `false` when too much had come meanwhile: then another snapshot
   * is awaited.
   */
  release(): boolean {
    if (this.#overflowed) {
      this.await(this.#last);
      return false;
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    waiting.forEach(this.pass);
    return true;
  }
}
