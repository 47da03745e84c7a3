/** Who types in a channel, and that the caller does. */

import type { Core } from "../options.js";

/** A typist of whom nothing was heard for this long, in milliseconds, has stopped. */
const FORGOTTEN = 60_000;
/** The caller's typing is told again after this long, and ends this long after the last key. */
const AGAIN = 4_000;
const STOPS = 6_000;

export class Typists {
  #members: readonly string[] = [];
  #forget = (): void => undefined;
  #stop = (): void => undefined;
  #toldAt: number | undefined;

  constructor(
    readonly core: Core,
    readonly tell: (typing: boolean) => void,
    readonly changed: () => void,
  ) {}

  /** The others. */
  get members(): readonly string[] {
    return this.#members;
  }

  heard(members: readonly string[]): void {
    this.#forget();
    this.#become(members.filter((member) => member !== this.core.caller));
    this.#forget = this.core.environment.after(FORGOTTEN, () => this.#become([]));
  }

  /** Who has sent types no more, until they begin anew. */
  sent(member: string): void {
    this.#become(this.#members.filter((other) => other !== member));
  }

  /** The caller has pressed a key, or has stopped. Call it as often as you like. */
  type(typing: boolean): void {
    const { environment } = this.core;
    this.#stop();
    if (!typing) {
      if (this.#toldAt !== undefined) this.tell(false);
      this.#toldAt = undefined;
      return;
    }
    this.#stop = environment.after(STOPS, () => this.type(false));
    if (this.#toldAt !== undefined && environment.now() - this.#toldAt < AGAIN) return;
    this.#toldAt = environment.now();
    this.tell(true);
  }

  close(): void {
    this.#forget();
    this.#stop();
  }

  #become(members: readonly string[]): void {
    if (members.join() === this.#members.join()) return;
    this.#members = members;
    this.changed();
  }
}
