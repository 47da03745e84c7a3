/** The caller's channels as a messenger lists them: by activity, with what is unread and the last message. */

import type { Core } from "../options.js";
import type { ChannelEvent, MembershipChanged, Personal, UnreadUpdated } from "../stream/frames.js";
import type { MessagingStream } from "../stream/stream.js";
import type { Subscription } from "../stream/subscription.js";
import type { Channel, Message } from "../types.js";
import { Observable } from "./observable.js";
import { type Marks, more } from "./reading.js";

/** Channels of the caller, and others, that are read. */
const LISTED = 1_000;
/** Channels that are followed; the others change when the list is read again. */
const FOLLOWED = 500;
/** The list is read again at most so often, in milliseconds. */
const EVERY = 2_000;

export class ChannelList extends Observable {
  #channels = new Map<string, Channel>();
  #sorted: { version: number; channels: readonly Channel[] } | undefined;
  readonly #followed = new Map<string, Subscription>();
  #isWanted = false;
  #isReady = false;
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(
    readonly core: Core,
    readonly stream: MessagingStream,
  ) {
    super();
  }

  /** Whether it was read. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Those that the caller is in or invited to; where somebody wrote last is on top. */
  get channels(): readonly Channel[] {
    if (this.#sorted?.version !== this.version) {
      const at = ({ last_message, created_at }: Channel): string => last_message?.created_at ?? created_at;
      const channels = [...this.#channels.values()].sort((one, other) => at(other).localeCompare(at(one)));
      this.#sorted = { version: this.version, channels };
    }
    return this.#sorted.channels;
  }

  get(id: string): Channel | undefined {
    return this.#channels.get(id);
  }

  /** What is unread in all of them: messages without channels that are muted, and mentions. */
  get total(): { unread_count: number; mention_count: number } {
    const total = { unread_count: 0, mention_count: 0 };
    for (const { unread_count = 0, mention_count = 0, muted } of this.#channels.values()) {
      if (muted !== true) total.unread_count += unread_count;
      total.mention_count += mention_count;
    }
    return total;
  }

  /** Reads the list, and keeps it up to date from then on. */
  load(): Promise<void> {
    this.#isWanted = true;
    this.stream.connect();
    if (this.#reading !== undefined) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
      // Closed meanwhile, it connects no more.
      if (this.#again) this.core.environment.after(EVERY, () => this.connected());
      this.#again = false;
    });
    return this.#reading;
  }

  /** @internal The connection is there again: what happened meanwhile to channels is not told. */
  connected(): void {
    if (this.#isWanted) void this.load().catch(() => undefined);
  }

  /** @internal */
  heard(personal: Personal): void {
    if (personal.type === "unread.updated") this.#unread(personal);
    else this.#membership(personal);
  }

  /** @internal The caller has come into a channel, or out of it, that is open and not followed from here. */
  entered(channel: string): void {
    if (this.#isWanted && !this.#followed.has(channel)) void this.#reread(channel);
  }

  close(): void {
    this.#isWanted = false;
    for (const subscription of this.#followed.values()) this.stream.unfollow(subscription);
    this.#followed.clear();
  }

  async #read(): Promise<void> {
    const read = (joined: boolean): Promise<Channel[]> => this.core.api.listChannels({ order: "activity", joined }).all(LISTED);
    const listed = await read(false);
    // Among very many channels that the caller only sees there may be none of their own, though not an invitation.
    if (listed.length >= LISTED) listed.push(...(await read(true)));
    // Public channels that the caller has nothing to do with are found in other ways.
    const own = listed.filter(({ membership }) => membership != null);
    // What was written while it was read, it may know nothing of.
    this.#channels = new Map(own.map((row) => [row.id, later(row, this.#channels.get(row.id))]));
    this.#isReady = true;
    for (const id of this.#followed.keys()) if (!this.#channels.has(id)) this.#leave(id);
    for (const channel of own.slice(0, FOLLOWED)) this.#follow(channel);
    this.changed();
  }

  /** Follows a channel from where its row is. */
  #follow(channel: Channel): void {
    if (!this.#isWanted || this.#followed.has(channel.id) || channel.last_seq == null || channel.membership?.joined_at == null) return;
    const { id } = channel;
    const subscription = this.stream.follow(
      id,
      {
        // So much was missed that the row has to be read again.
        snapshot: ({ channel: row }) => this.#put(row),
        event: (event) => this.#event(id, event),
        lost: () => {
          this.#followed.delete(id);
          this.#drop(id);
        },
      },
      { since: channel.last_seq, rowOnly: true },
    );
    this.#followed.set(id, subscription);
  }

  #event(id: string, event: ChannelEvent): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    if (event.type === "message.created") this.#put(this.#written(channel, event.message));
    else if (event.type === "channel.archived") this.#drop(id);
    // How many are unread, which is the last one, what it is called: the index knows.
    else if (/deleted|^channel/.test(event.type) || this.#concerns(channel, event)) void this.#reread(id);
  }

  /** Whether an event is about the last message, or about the caller. */
  #concerns({ last_message }: Channel, event: ChannelEvent): boolean {
    if (event.type === "message.updated") return event.message.id === last_message?.id;
    return "member_id" in event && event.member_id === this.core.caller;
  }

  #written(channel: Channel, message: Message): Channel {
    if (message.seq <= (channel.last_seq ?? 0)) return channel;
    const { caller } = this.core;
    const next = { ...channel, last_message: message, last_seq: message.seq };
    if (message.sender_id === caller) return { ...next, read_seq: message.seq, unread_count: 0, mention_count: 0 };
    if (channel.read_seq == null) return next;
    return { ...next, ...more(channel as Partial<Marks>, message, caller) };
  }

  #unread({ channel_id, read_seq, unread_count, mention_count, marked_unread, muted }: UnreadUpdated): void {
    const channel = this.#channels.get(channel_id);
    if (channel === undefined || (read_seq ?? 0) < (channel.read_seq ?? 0)) return;
    this.#put({ ...channel, read_seq, unread_count, mention_count, marked_unread, muted });
  }

  #membership({ channel_id, channel, event }: MembershipChanged): void {
    const isGone = channel === undefined || event.type === "member.left" || event.type === "member.kicked";
    if (isGone) this.#drop(channel_id);
    else void this.#reread(channel_id);
  }

  async #reread(id: string): Promise<void> {
    try {
      const channel = await this.core.api.getChannel(id);
      if (channel.membership == null || channel.archived_at !== null) return this.#drop(id);
      this.#put(channel);
      this.#follow(channel);
    } catch {
      // It is read with the list again.
      this.connected();
    }
  }

  #put(channel: Channel): void {
    this.#channels.set(channel.id, channel);
    this.changed();
  }

  #drop(id: string): void {
    this.#leave(id);
    this.#channels.delete(id);
    this.changed();
  }

  #leave(id: string): void {
    const subscription = this.#followed.get(id);
    if (subscription !== undefined) this.stream.unfollow(subscription);
    this.#followed.delete(id);
  }
}

/** Of two rows the one that knows of more. */
const later = (row: Channel, known = row): Channel => (known.last_seq! > row.last_seq! ? known : row);
