/** How far the caller and the others have read a channel, and what is unread. */

import type { Core } from "../options.js";
import type { ReceiptUpdated, Receipts, UnreadUpdated } from "../stream/frames.js";
import type { Channel, Message } from "../types.js";
import type { Timeline } from "./timeline.js";

/** What a channel is to the caller. */
export interface Marks {
  /** Up to this number they have read it; `null` without a marker, and then nothing is unread. */
  read_seq: number | null;
  /** 100 stands for any number from 100 on. */
  unread_count: number;
  mention_count: number;
  marked_unread: boolean;
  muted: boolean;
}

/** The counts, of which no one is larger than 100. */
export function counted(unread: number, mentions: number): Pick<Marks, "unread_count" | "mention_count"> {
  return { unread_count: Math.min(MOST, unread), mention_count: Math.min(MOST, mentions) };
}

/** Whether a message means the caller. */
export function isMeant({ mentions }: Message, caller: string | undefined): boolean {
  return mentions.some((one) => one === "room" || one === caller);
}

/** The counts after one more message of somebody else. */
export function more(marks: Partial<Marks>, message: Message, caller: string | undefined): ReturnType<typeof counted> {
  const { unread_count = 0, mention_count = 0 } = marks;
  return counted(unread_count + Number(message.thread_id === null), mention_count + Number(isMeant(message, caller)));
}

/** The pause between two markers that are told to the service, in milliseconds. */
const EVERY = 1_000;
/** Counts end here. */
const MOST = 100;

export class ReadMarks {
  #marks: Marks = { read_seq: null, unread_count: 0, mention_count: 0, marked_unread: false, muted: false };
  #updatedAt = "";
  /** The counts are those of the channel's events up to here. */
  #countedTo = 0;
  readonly #others = new Map<string, number>();
  #wanted: { seq: number; isPrivate: boolean } | undefined;
  #isTelling = false;

  constructor(
    readonly core: Core,
    readonly channel: string,
    readonly timeline: Timeline,
    readonly changed: () => void,
  ) {}

  get marks(): Marks {
    return this.#marks;
  }

  /** The others who show that they have read up to this number. */
  readers(seq: number): string[] {
    return [...this.#others].filter(([member, read]) => read >= seq && member !== this.core.caller).map(([member]) => member);
  }

  /** The channel as `GET` tells it. */
  reset(channel: Channel): void {
    this.#countedTo = channel.last_seq ?? 0;
    this.#become(channel);
  }

  /** What the service tells of the caller's own marks; of two the later counts. */
  told(told: Omit<UnreadUpdated, "type" | "channel_id">): void {
    const at = told.updated_at ?? "";
    if (at < this.#updatedAt) return;
    this.#updatedAt = at;
    this.#become(told);
  }

  #become({ read_seq = null, unread_count = 0, mention_count = 0, marked_unread = false, muted = false }: Partial<Marks>): void {
    // A marker moves forwards only; what was read here a moment ago is not in every frame yet.
    const furthest = Math.max(read_seq ?? -1, this.#marks.read_seq ?? -1);
    this.#marks = { read_seq: furthest < 0 ? null : furthest, unread_count, mention_count, marked_unread, muted };
    this.#count();
  }

  read(read: Receipts | ReceiptUpdated): void {
    const receipts = read.type === "receipts" ? read.receipts : read.thread_id === undefined ? [read] : [];
    for (const { member_id, read_seq } of receipts) this.#has(member_id, read_seq);
    this.changed();
  }

  /** A message came: whoever sends has read up to it. */
  created(message: Message): void {
    const { caller } = this.core;
    if (message.sender_id === caller) this.#move(message.seq, false);
    else this.#has(message.sender_id, message.seq);
    const { read_seq } = this.#marks;
    const counts = message.seq > this.#countedTo && message.sender_id !== caller && read_seq !== null && message.seq > read_seq;
    if (counts) {
      this.#countedTo = message.seq;
      this.#marks = { ...this.#marks, ...more(this.#marks, message, caller) };
    }
    this.#count();
  }

  /** What there is to count has changed. */
  recount(): void {
    this.#count();
  }

  /** The caller has read up to this number; the service is told of the last one within a second. */
  mark(seq: number, isPrivate: boolean): void {
    const { read_seq, marked_unread } = this.#marks;
    if (read_seq !== null && seq <= read_seq && !marked_unread) return;
    this.#move(seq, true);
    this.#count();
    this.#wanted = { seq: Math.max(seq, this.#wanted?.seq ?? 0), isPrivate };
    if (!this.#isTelling) void this.#tell();
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    while (this.#wanted !== undefined) {
      const { seq, isPrivate } = this.#wanted;
      this.#wanted = undefined;
      try {
        this.told(await this.core.api.markRead(this.channel, { seq, ...(isPrivate ? { private: true } : {}) }));
      } catch {
        // The next one says it as well.
      }
      await new Promise<void>((resolve) => this.core.environment.after(EVERY, resolve));
    }
    this.#isTelling = false;
  }

  #has(member: string, seq: number): void {
    this.#others.set(member, Math.max(seq, this.#others.get(member) ?? 0));
  }

  #move(seq: number, isByHand: boolean): void {
    const { read_seq, marked_unread } = this.#marks;
    this.#marks = { ...this.#marks, read_seq: Math.max(seq, read_seq ?? 0), marked_unread: isByHand ? false : marked_unread };
  }

  /** Counts what is unread where all of it is at hand; otherwise the service's counts go on. */
  #count(): void {
    const { read_seq } = this.#marks;
    const { caller } = this.core;
    if (read_seq !== null && this.timeline.reaches(read_seq)) {
      const unread = this.timeline.messages.filter(({ seq, sender_id }) => seq > read_seq && sender_id !== caller);
      const here = unread.filter(({ thread_id }) => thread_id === null);
      const meant = unread.filter((message) => isMeant(message, caller));
      this.#marks = { ...this.#marks, ...counted(here.length, meant.length) };
    }
    this.changed();
  }
}
