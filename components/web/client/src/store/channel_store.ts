/** A channel as a messenger draws it: live, with what the caller sends in it, and without a framework. */

import type { Core } from "../options.js";
import type { Lost } from "../stream/close.js";
import type { ChannelEvent, ProfileUpdated, ReceiptUpdated, Receipts, Typing, UnreadUpdated } from "../stream/frames.js";
import type { Snapshot } from "../stream/snapshot.js";
import type { MessagingStream } from "../stream/stream.js";
import type { ChannelHandlers, Subscription } from "../stream/subscription.js";
import type { Channel, EditMessage, Member, Message, MessageWithContent, SendMessage } from "../types.js";
import { ChannelState, type MessageList } from "./channel_state.js";
import { Drawn, PAGE } from "./drawn.js";
import { echo, type Item, Items } from "./items.js";
import type { Outbox } from "./outbox.js";
import type { Name } from "./people.js";
import type { Marks } from "./reading.js";
import { ThreadStore } from "./thread_store.js";
import type { Gap } from "./timeline.js";
import { Typists } from "./typists.js";

export interface ChannelStoreOptions {
  /** Messages that are there at first, up to 200. */
  messages?: number;
  /** Messages that are read again at most when too much was missed; 1,000 where nothing else is said. */
  keep?: number;
  /** Whether messages have their whole text and HTML, which takes a request of its own for those that come live. */
  content?: boolean;
}

/** What a store needs besides its channel. */
export interface StoreParts {
  core: Core;
  stream: MessagingStream;
  outbox: Outbox;
  /** What the caller is in this channel has changed. */
  entered(channel: string): void;
}

export type ChannelStatus =
  /** Nothing is there yet. */
  | "loading"
  /** Everything up to now is there. */
  | "live"
  /** What is there is what was; it goes on by itself. */
  | "stale"
  /** Nothing more comes: `why` says for what reason. */
  | "lost";

export class ChannelStore extends Drawn {
  readonly #state: ChannelState;
  readonly #typists: Typists;
  readonly #items = new Items();
  readonly #threads = new Map<string, ThreadStore>();
  readonly #subscription: Subscription;
  readonly #deaf: () => void;
  #status: ChannelStatus = "loading";
  #why: Lost | undefined;

  constructor(
    readonly id: string,
    readonly parts: StoreParts,
    options: ChannelStoreOptions = {},
    /** Whether nobody else uses it. */
    readonly closed: () => boolean = () => true,
  ) {
    super();
    const { core, stream, outbox } = parts;
    const changed = (): void => {
      this.changed();
      this.#threads.forEach((thread) => thread.redraw());
    };
    this.#state = new ChannelState(core, id, options.content ?? false, changed);
    this.#typists = new Typists(core, (typing) => stream.typing(id, typing), changed);
    this.#deaf = outbox.listen({
      changed: (channel) => void (channel === id && changed()),
      sent: (message, key) => void (message.channel_id === id && this.#sent(message, key)),
    });
    this.#subscription = stream.follow(id, this.#handlers(), { keep: 1_000, ...options });
  }

  get status(): ChannelStatus {
    return this.#status;
  }

  /** Why nothing more comes. */
  get why(): Lost | undefined {
    return this.#why;
  }

  /** The channel's row; `undefined` while it loads. */
  get channel(): Channel | undefined {
    return this.#state.channel;
  }

  /** Those who are in or invited. */
  get members(): ReadonlyMap<string, Member> {
    return this.#state.people.members;
  }

  /** What somebody is called now; `undefined` when nothing has told it. */
  name(member: string): Name | undefined {
    return this.#state.people.name(member);
  }

  /** Every message that is at hand, replies in threads too, oldest first. */
  get messages(): readonly Message[] {
    return this.#state.main.timeline.messages;
  }

  message(id: string): Message | undefined {
    return this.#state.find(id);
  }

  /** Whether pages are on their way. */
  get isReading(): boolean {
    return this.#state.main.pager.isReading;
  }

  /** In the room's order; `undefined` before [`loadPins`]. */
  get pins(): readonly Message[] | undefined {
    return this.#state.pins;
  }

  /** The others who type now. */
  get typists(): readonly string[] {
    return this.#typists.members;
  }

  /** How far the caller has read, and what is unread. */
  get unread(): Marks {
    return this.#state.marks.marks;
  }

  /** The others who show that they have read up to a number; none in a channel of more than 100 members. */
  readers(seq: number): string[] {
    return this.#state.marks.readers(seq);
  }

  async fill(gap: Gap, end: "newest" | "oldest" = "newest", limit = PAGE): Promise<void> {
    await this.#state.main.pager.fill(gap, this.#state.limit(limit), end);
    this.#keep();
  }

  /** Reads what is around a message, named by its number or id; the message, if it is there. */
  async around(at: number | string, limit = PAGE / 2): Promise<Message | undefined> {
    const { timeline, pager } = this.#state.main;
    const find = (): Message | undefined =>
      typeof at === "string" ? timeline.get(at) : timeline.messages.find(({ seq }) => seq === at);
    if (find() === undefined) {
      await pager.around(String(at), this.#state.limit(limit));
      this.#keep();
    }
    return find();
  }

  /** Sends, as soon as that is possible; it is in `items` at once. Returns the key of its item. */
  send(body: SendMessage): string {
    this.#typists.type(false);
    return this.parts.outbox.send(this.id, body);
  }

  /** Sends what has failed again. */
  resend(key: string): void {
    this.parts.outbox.resend(this.id, key);
  }

  /** Forgets what has failed or waits; `false` when it is on its way. */
  drop(key: string): boolean {
    return this.parts.outbox.drop(this.id, key);
  }

  async edit(id: string, body: EditMessage): Promise<void> {
    this.#state.updated(await this.parts.core.api.editMessage(this.id, id, body));
  }

  async delete(id: string): Promise<void> {
    await this.parts.core.api.deleteMessage(this.id, id);
    this.#state.remove({ id, thread_id: this.message(id)?.thread_id ?? null });
  }

  /** Reacts, or takes it back; it shows at once. */
  async react(id: string, emoji: string, reacted = true): Promise<void> {
    const { api } = this.parts.core;
    this.#state.reactsOwn(id, emoji, reacted);
    try {
      await (reacted ? api.addReaction(this.id, id, emoji) : api.removeReaction(this.id, id, emoji));
    } catch (error) {
      void this.#state.readReactions(id).catch(() => undefined);
      throw error;
    }
  }

  /** A message with its whole text. */
  full(id: string): Promise<MessageWithContent> {
    return this.parts.core.api.getMessage(this.id, id);
  }

  /** The caller types, or has stopped. Call it with every key. */
  type(typing = true): void {
    this.#typists.type(typing);
  }

  /** The caller has read everything, or up to a number; with `private` the others do not see it. */
  markRead(seq = this.messages.at(-1)?.seq, { private: isPrivate = false } = {}): void {
    if (seq !== undefined) this.#state.marks.mark(seq, isPrivate);
  }

  /** Reads what is pinned; from then on `pins` is kept up to date. */
  loadPins(): Promise<void> {
    return this.#state.loadPins();
  }

  /** The thread under a message. Call its `close` when it is drawn no more. */
  thread(root: string): ThreadStore {
    const open = this.#threads.get(root);
    if (open !== undefined) return open;
    const thread: ThreadStore = new ThreadStore(root, {
      state: this.#state,
      make: (items, list) => this.#make(items, list, root),
      send: (body) => this.send(body),
      closed: () => {
        this.#threads.delete(root);
        this.#state.lists.delete(thread);
      },
    });
    this.#threads.set(root, thread);
    this.#state.lists.add(thread);
    return thread;
  }

  /** Ends it: nothing changes any more. What waits is sent all the same. */
  close(): void {
    if (!this.closed()) return;
    this.parts.stream.unfollow(this.#subscription);
    this.#typists.close();
    this.#deaf();
  }

  protected override made(): Item[] {
    return this.#make(this.#items, this.#state.main, null);
  }

  protected override get source(): MessageList {
    return this.#state.main;
  }

  #handlers(): ChannelHandlers {
    return {
      snapshot: (snapshot) => this.#snapshot(snapshot),
      event: (event) => this.#event(event),
      live: () => {
        this.#become("live");
        this.parts.outbox.wake();
      },
      stale: () => {
        if (this.#status === "live") this.#become("stale");
        this.#typists.heard([]);
      },
      lost: (why) => {
        this.#why = why;
        this.#typists.close();
        this.#become("lost");
      },
      typing: ({ member_ids }: Typing) => this.#typists.heard(member_ids),
      profile: (profile: ProfileUpdated) => {
        this.#state.people.renamed(profile);
        this.changed();
      },
      read: (read: Receipts | ReceiptUpdated) => this.#state.marks.read(read),
      unread: (unread: UnreadUpdated) => this.#state.marks.told(unread),
    };
  }

  #snapshot(snapshot: Snapshot): void {
    for (const message of snapshot.messages) this.#confirm(message);
    this.#state.snapshot(snapshot);
    this.#threads.forEach((thread) => void thread.reset().catch(() => undefined));
    if (this.pins !== undefined) void this.loadPins().catch(() => undefined);
  }

  #event(event: ChannelEvent): void {
    this.#state.lists.forEach(({ pager }) => pager.heard(event));
    if (event.type === "message.created") {
      this.#confirm(event.message);
      this.#typists.sent(event.message.sender_id);
    }
    this.#state.apply(event, true);
    if ("member_id" in event && event.member_id === this.parts.core.caller) this.parts.entered(this.id);
    this.changed();
  }

  /** A message is one of those that wait, if it is. */
  #confirm(message: Message): void {
    const key = this.parts.outbox.confirm(message);
    if (key !== undefined) this.#became(message, key);
  }

  #sent(message: Message, key: string): void {
    this.#became(message, key);
    this.#state.confirmed(message);
  }

  #became(message: Message, key: string): void {
    this.#items.became(message.id, key);
    this.#threads.forEach((thread) => thread.became(message.id, key));
  }

  #make(items: Items, { timeline }: MessageList, root: string | null): Item[] {
    const { core, outbox } = this.parts;
    const messages = timeline.messages.filter(({ thread_id }) => thread_id === root);
    const pending = outbox.of(this.id).filter(({ body }) => (body.thread_id ?? null) === root);
    const caller = core.caller ?? "";
    return items.make(messages, timeline.gaps, pending, (queued) => echo(queued, caller, this.name(caller)));
  }

  /** Later snapshots go back as far as there is no gap. */
  #keep(): void {
    this.#subscription.keeps(this.#state.main.timeline.reach);
  }

  #become(status: ChannelStatus): void {
    this.#status = status;
    this.changed();
  }
}
