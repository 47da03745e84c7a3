/** What is known of a channel, as snapshots, pages, events and responses tell it, in whatever order they come. */

import { ProblemError } from "../api/problem.js";
import type { Core } from "../options.js";
import type { ChannelEvent, MessageEvent, ReactionEvent } from "../stream/frames.js";
import type { Snapshot } from "../stream/snapshot.js";
import type { Channel, Message, Thread } from "../types.js";
import { Contents, withoutContent } from "./content.js";
import { Pager, type Place } from "./pager.js";
import { People } from "./people.js";
import { Reactors } from "./reactions.js";
import { ReadMarks } from "./reading.js";
import { Timeline } from "./timeline.js";

/** Messages in their order: those of the channel, or those of a thread. */
export interface MessageList {
  readonly timeline: Timeline;
  readonly pager: Pager;
  /** Whether a new message belongs to it. */
  takes(message: Message): boolean;
}

/** Deleted messages that a page on its way might bring back. */
const DELETED = 5_000;
/** Messages of a page that has their content. */
const CONTENT_PAGE = 50;

export class ChannelState {
  readonly main: MessageList;
  readonly lists = new Set<MessageList>();
  readonly people = new People();
  readonly marks: ReadMarks;
  channel: Channel | undefined;
  pins: readonly Message[] | undefined;
  readonly #reactors = new Reactors();
  readonly #contents: Contents;
  readonly #deleted = new Set<string>();
  /** Own messages that the service has confirmed and the stream has not brought yet. */
  readonly #ahead = new Map<string, Message>();
  /** The snapshot's rows have everything up to this number. */
  #exactTo = 0;

  constructor(
    readonly core: Core,
    readonly id: string,
    readonly wantsContent: boolean,
    readonly changed: () => void,
  ) {
    const timeline = new Timeline();
    const pager = this.pager(timeline, (place) => this.page(place));
    this.main = { timeline, pager, takes: () => true };
    this.lists.add(this.main);
    this.marks = new ReadMarks(core, id, timeline, changed);
    this.#contents = new Contents(core, id, (message) => this.#filled(message));
  }

  pager(timeline: Timeline, read: (place: Place) => Promise<Message[]>): Pager {
    const shows = ({ id }: Message): boolean => !this.#deleted.has(id);
    return new Pager(timeline, read, shows, (event) => this.apply(event, false), this.changed);
  }

  /** Messages of a page at most. */
  limit(wanted: number): number {
    return Math.max(1, Math.min(wanted, this.wantsContent ? CONTENT_PAGE : 200));
  }

  /** A page of the channel, newest first. */
  async page(place: Place): Promise<Message[]> {
    const query = this.wantsContent ? { ...place, include: "content" as const } : place;
    return (await this.core.api.listMessages(this.id, query).first()).items;
  }

  find(id: string): Message | undefined {
    for (const { timeline } of this.lists) {
      const message = timeline.get(id);
      if (message !== undefined) return message;
    }
    return undefined;
  }

  /** The channel as it stands, in place of everything that was known of it. */
  snapshot({ channel, members, messages, isComplete }: Snapshot): void {
    this.channel = channel;
    this.#exactTo = channel.last_seq ?? 0;
    this.main.pager.reset();
    this.#contents.reset();
    this.#reactors.forget();
    this.people.reset(members);
    this.main.timeline.reset(messages, isComplete);
    for (const message of messages) {
      this.#ahead.delete(message.id);
      this.people.seen(message);
    }
    for (const message of this.#ahead.values()) {
      // One that is not behind the snapshot and not in it is gone.
      if (message.seq > (messages.at(-1)?.seq ?? 0)) this.main.timeline.put(message);
      else this.#ahead.delete(message.id);
    }
    this.marks.reset(channel);
    this.changed();
  }

  /** `isLive`: it has just come; otherwise it came while a page was read, which may know of it or not. */
  apply(event: ChannelEvent, isLive: boolean): void {
    switch (event.type) {
      case "message.created":
        return this.#created(event, isLive);
      case "message.updated":
        return this.updated(event.message);
      case "message.deleted":
        return this.remove(event.message);
      case "message.preview":
        return this.#change(event.message_id, (message) => ({ ...message, previews: event.previews }));
      case "reaction.added":
      case "reaction.removed":
        return this.#reacted(event, isLive);
      case "channel.created":
      case "channel.updated":
      case "channel.archived":
        // What the channel is to the caller is not in its events.
        this.channel = { ...this.channel, ...event.channel };
        return;
      case "member.invited":
      case "member.joined":
      case "member.left":
      case "member.kicked":
      case "member.role_changed":
        if (isLive) this.people.changed(event);
        return;
      case "message.pinned":
      case "message.unpinned":
        if (isLive && this.pins !== undefined) void this.loadPins().catch(() => undefined);
        return;
      case "newer":
        return;
    }
  }

  /** The service has taken an own message, which the stream brings as well, earlier or later. */
  confirmed(message: Message): void {
    if (message.deleted_at !== null || this.#deleted.has(message.id) || this.find(message.id) !== undefined) return;
    this.#ahead.set(message.id, message);
    this.#add(message);
  }

  /** A message has another text. One that is not shown is not shown now either. */
  updated(row: Message): void {
    this.#change(row.id, (message) => ({ ...withoutContent(message), ...row }));
    if (this.wantsContent && this.find(row.id) !== undefined) this.#contents.want(row);
  }

  remove({ id, thread_id }: Pick<Message, "id" | "thread_id">): void {
    if (this.#deleted.size >= DELETED) this.#deleted.clear();
    this.#deleted.add(id);
    this.#ahead.delete(id);
    this.#reactors.forget(id);
    for (const { timeline } of this.lists) timeline.delete(id);
    if (this.pins?.some((pin) => pin.id === id)) this.pins = this.pins.filter((pin) => pin.id !== id);
    // How many replies are left, and which is the last one now, the index knows.
    if (thread_id !== null && this.find(thread_id) !== undefined) void this.reread(thread_id);
    this.marks.recount();
    this.changed();
  }

  async loadPins(): Promise<void> {
    this.pins = await this.core.api.listPins(this.id);
    this.changed();
  }

  /** Reads a message's row again: its counts have become uncertain. */
  async reread(id: string): Promise<void> {
    const message = this.find(id);
    if (message === undefined) return;
    const row = (await this.page({ before: String(message.seq + 1), limit: 1 }).catch(() => []))[0];
    if (row?.id !== id) return;
    // Without a thread that has ended.
    this.#change(id, ({ thread: _, ...rest }) => ({ ...rest, ...row }));
  }

  /** Reads who reacted: from then on every event is counted exactly. */
  async readReactions(id: string): Promise<void> {
    try {
      const reactions = await this.core.api.listReactions(this.id, id);
      this.#change(id, (message) => ({ ...message, reactions: this.#reactors.learn(id, reactions) }));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
    }
  }

  /** The caller's own reaction, before anybody has confirmed it. */
  reactsOwn(id: string, emoji: string, reacted: boolean): void {
    this.#change(id, (message) => {
      const counts = this.#reactors.apply(message.reactions ?? [], {
        type: reacted ? "reaction.added" : "reaction.removed",
        message_id: id,
        emoji,
        reactor_id: this.core.caller ?? "",
      }, this.core.caller ?? "", true);
      return counts === undefined ? message : { ...message, reactions: counts };
    });
  }

  /** Changes a message wherever it is shown. */
  #change(id: string, change: (message: Message) => Message): void {
    const before = this.find(id);
    if (before === undefined) return;
    const after = change(before);
    for (const { timeline } of this.lists) if (timeline.get(id) !== undefined) timeline.put(after);
    if (this.pins?.some((pin) => pin.id === id)) this.pins = this.pins.map((pin) => (pin.id === id ? after : pin));
    this.changed();
  }

  #add(message: Message): void {
    for (const list of this.lists) if (list.takes(message)) list.timeline.put(message);
    this.people.seen(message);
    this.changed();
  }

  #created({ message }: MessageEvent, isLive: boolean): void {
    if (this.#deleted.has(message.id)) return;
    this.#ahead.delete(message.id);
    const known = this.find(message.id);
    if (known === undefined) this.#reactors.begin(message.id);
    // A row of before is kept for what pages alone tell.
    const isNewer = known === undefined || known.edited_at === message.edited_at;
    this.#add(isNewer ? { reactions: [], ...known, ...message } : known);
    if (!isLive) return;
    this.marks.created(message);
    if (message.thread_id !== null) this.#replied(message, message.thread_id);
    if (this.wantsContent && known?.text === undefined) this.#contents.want(message);
  }

  #replied(reply: Message, root: string): void {
    const thread = this.find(root)?.thread;
    if (thread === undefined) {
      // Whether it is the first one, or others were deleted, the index knows, and whether the caller follows it.
      if (this.find(root) !== undefined) void this.reread(root);
      return;
    }
    // A page that was read meanwhile has it counted.
    if (reply.seq <= thread.last_reply.seq) return;
    const isMine = reply.sender_id === this.core.caller;
    const next: Thread = {
      ...thread,
      reply_count: thread.reply_count + 1,
      last_reply: reply,
      is_following: thread.is_following || isMine,
      unread_count: Math.min(100, thread.unread_count + Number(thread.is_following && !isMine)),
    };
    // Who the participants are is read where somebody joins them.
    if (!thread.participants.some(({ member_id }) => member_id === reply.sender_id) && thread.participants.length < 5) void this.reread(root);
    this.#change(root, (message) => ({ ...message, thread: next }));
  }

  #reacted(event: ReactionEvent, isLive: boolean): void {
    const message = this.find(event.message_id);
    if (message === undefined) return;
    // Pages are read at times of their own, so of their rows one cannot tell.
    const isNew = isLive && event.seq > this.#exactTo && this.main.timeline.isOfReset(message.id);
    const counts = this.#reactors.apply(message.reactions ?? [], event, this.core.caller, isNew);
    if (counts === undefined) void this.readReactions(message.id).catch(() => undefined);
    else if (counts !== message.reactions) this.#change(message.id, (row) => ({ ...row, reactions: counts }));
  }

  #filled(row: Message): void {
    const { source, text, formatted_body, content, edited_at } = row;
    this.#change(row.id, (message) => {
      // Another text has come since; its own is asked for.
      if (message.edited_at !== edited_at || source === undefined) return message;
      return { ...message, source, text: text ?? null, formatted_body: formatted_body ?? null, content: content ?? null };
    });
  }
}
