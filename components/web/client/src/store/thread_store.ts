/** The replies in a thread, as a messenger draws them beside the channel. */

import type { Message, SendMessage } from "../types.js";
import type { ChannelState, MessageList } from "./channel_state.js";
import { Drawn, PAGE } from "./drawn.js";
import { type Item, Items } from "./items.js";
import type { Pager } from "./pager.js";
import { type Gap, Timeline } from "./timeline.js";

/** What a thread needs of its channel. */
export interface ThreadParts {
  state: ChannelState;
  /** Makes items of the messages and of what is being sent. */
  make(items: Items, list: MessageList, root: string): Item[];
  send(body: SendMessage): string;
  closed(): void;
}

export class ThreadStore extends Drawn implements MessageList {
  readonly timeline = new Timeline();
  readonly pager: Pager;
  readonly #items = new Items();
  protected override readonly source = this;
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

  fill(gap: Gap, end: "newest" | "oldest" = "newest", limit = PAGE): Promise<void> {
    return this.pager.fill(gap, limit, end);
  }

  protected override made(): Item[] {
    return this.parts.make(this.#items, this, this.root);
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
    this.ready = this.older();
    // Whoever waits for it hears of it; nobody has to.
    this.ready.catch(() => undefined);
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
