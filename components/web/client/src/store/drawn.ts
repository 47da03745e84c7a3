/** A list that is drawn: of a channel, or of a thread. */

import type { Item } from "./items.js";
import { Observable } from "./observable.js";
import type { Pager } from "./pager.js";
import type { Gap, Timeline } from "./timeline.js";

/** Messages of a page, where nothing else is said. */
export const PAGE = 50;

export abstract class Drawn extends Observable {
  #made: { version: number; items: readonly Item[] } | undefined;

  /**
   * What is drawn, oldest first: messages, gaps, and at the end what the caller has sent and is not confirmed. A new array
   * after every change; items of what has not changed are the same ones.
   */
  get items(): readonly Item[] {
    if (this.#made?.version !== this.version) this.#made = { version: this.version, items: this.made() };
    return this.#made.items;
  }

  /** Whether there are older messages than the first one. */
  get hasOlder(): boolean {
    return this.oldest !== undefined;
  }

  /** Reads what is older than the first message. */
  async older(limit = PAGE): Promise<void> {
    const { oldest } = this;
    if (oldest !== undefined) await this.fill(oldest, "newest", limit);
  }

  /** Reads messages of a gap: its newest ones, as when one scrolls up to it, or its oldest. */
  abstract fill(gap: Gap, end?: "newest" | "oldest", limit?: number): Promise<void>;

  protected abstract made(): Item[];
  protected abstract readonly source: { timeline: Timeline; pager: Pager };

  /** The gap at the beginning. */
  private get oldest(): Gap | undefined {
    const gap = this.source.timeline.gaps[0];
    return gap?.after === 0 ? gap : undefined;
  }
}
