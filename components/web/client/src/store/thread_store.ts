/** The replies in a thread, as a messenger draws them beside the channel. */

import type { Message, SendMessage } from "../types.js";
import type { ChannelState, MessageList } from "./channel_state.js";
import { type Item, Items } from "./items.js";
import { Observable } from "./observable.js";
import type { Pager } from "./pager.js";
import { Timeline } from "./timeline.js";

const PAGE = 50;

/** What a thread needs of its channel. */
export interface ThreadParts {
  state: ChannelState;
  /** Makes items of the messages and of what is being sent. */
  make(items: Items, list: MessageList, root: string): Item[];
  send(body: SendMessage): string;
  closed(): void;
}

export class ThreadStore extends Observable implements MessageList {
  readonly timeline = new Timeline();
  readonly pager: Pager;
  readonly #items = new Items();
  #made: { version: number; items: readonly Item[] } | undefined;
  /** The newest replies are there, or the reading of them has failed. */
  ready: Promise<void>;

  constructor(
    /** The message that it is under. */
    readonly root: string,
    readonly parts: ThreadParts,
  ) {
    super();
    const { state } = parts;
    this.pager = state.pager(this.timeline, async (place) => {
      return (await state.core.api.listReplies(state.id, root, place).first()).items;
    });
    this.ready = this.reset();
  }

  takes({ thread_id }: Message): boolean {
    return thread_id === this.root;
  }

  /** Oldest first, with what is being sent at the end. */
  get items(): readonly Item[] {
    if (this.#made?.version !== this.version) {
      this.#made = { version: this.version, items: this.parts.make(this.#items, this, this.root) };
    }
    return this.#made.items;
  }

  get hasOlder(): boolean {
    return this.timeline.gaps[0]?.after === 0;
  }

  /** Reads older replies. */
  async older(limit = PAGE): Promise<void> {
    const gap = this.timeline.gaps[0];
    if (gap?.after === 0) await this.pager.fill(gap, limit);
  }

  /** Sends a reply in the thread. */
  send(body: SendMessage): string {
    return this.parts.send({ ...body, thread_id: this.root });
  }

  close(): void {
    this.parts.closed();
  }

  /** @internal Reads the newest replies anew. */
  reset(): Promise<void> {
    this.pager.reset();
    this.timeline.reset([], false);
    const gap = this.timeline.gaps[0]!;
    this.ready = this.pager.fill(gap, PAGE);
    return this.ready;
  }

  /** @internal */
  became(message: string, key: string): void {
    this.#items.became(message, key);
  }

  /** @internal */
  redraw(): void {
    this.changed();
  }
}
