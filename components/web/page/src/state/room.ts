/** One open channel: its messages, its members, who types and who has read how far. */

import { computed, signal } from "@preact/signals";
import { api } from "./api";
import * as channels from "./channels";
import { Filler } from "./filler";
import { learn, person } from "./names";
import { announce } from "./notices";
import * as rows from "./rows";
import { me } from "./session";
import type { Member, Message } from "./types";
import type { ChannelEvent, Moment } from "../../../client/src/stream/frames";
import { t } from "../i18n";

/** Messages of the first page, which come with their content. */
const FIRST = 40;
/** Messages of each page further back. */
const OLDER = 100;
/** How long several changes of a message are waited for before it is read anew. */
const SETTLES = 250;

export class Room {
  readonly messages = signal<readonly Message[]>([]);
  readonly members = signal<ReadonlyMap<string, Member>>(new Map());
  readonly pins = signal<ReadonlySet<string>>(new Set());
  readonly typing = signal<string[]>([]);
  readonly receipts = signal<ReadonlyMap<string, number>>(new Map());
  readonly state = signal<"loading" | "ready" | "failed">("loading");
  readonly hasOlder = signal(true);
  /** The last number that the reader had read when they came. */
  readonly unreadAfter = signal<number | undefined>(undefined);
  readonly replyTo = signal<Message | undefined>(undefined);
  readonly editing = signal<Message | undefined>(undefined);
  /** Whether its newest message is before the reader's eyes. */
  readonly isSeen = signal(false);
  /** Those outside of threads. */
  readonly timeline = computed(() => this.messages.value.filter((message) => message.thread_id === null));
  readonly #filler = new Filler((page) => this.#page(page));
  readonly #stale = new Map<string, ReturnType<typeof setTimeout>>();
  #older: Promise<void> | undefined;
  #closed = false;

  constructor(readonly id: string) {}

  async load(): Promise<void> {
    this.state.value = "loading";
    try {
      const row = (await channels.refresh(this.id)) ?? channels.channel(this.id);
      if (row === undefined) throw new Error(t("gone"));
      const [page] = await Promise.all([api.messages(this.id, { limit: FIRST, content: true }), this.#people()]);
      if (this.#closed) return;
      this.unreadAfter.value ??= row.read_seq ?? undefined;
      this.hasOlder.value = page.length === FIRST;
      this.#page(page);
      this.state.value = "ready";
    } catch {
      this.state.value = "failed";
    }
  }

  /** Everything that can have been missed. Messages that are known and were not read again stay as they are. */
  async reload(): Promise<void> {
    this.messages.value = [];
    await this.load();
  }

  /** A row that a write has answered with. */
  learn(message: Message): void {
    this.messages.value = rows.put(this.messages.value, message);
    this.#filler.want(this.id, [message]);
  }

  close(): void {
    this.#closed = true;
    this.#filler.stop();
    this.#stale.forEach((timer) => clearTimeout(timer));
  }

  /** The page before the oldest message. */
  older(): Promise<void> {
    this.#older ??= this.#readOlder().finally(() => (this.#older = undefined));
    return this.#older;
  }

  async #readOlder(): Promise<void> {
    const oldest = this.messages.value[0]?.seq;
    if (!this.hasOlder.value || this.state.value !== "ready" || oldest === undefined) return;
    const page = await api.messages(this.id, { limit: OLDER, before: oldest });
    this.hasOlder.value = page.length === OLDER;
    this.#page(page);
  }

  /** Reads back until a message is there; whether it is. */
  async find(id: string): Promise<boolean> {
    for (let pages = 0; pages < 100; pages += 1) {
      if (this.messages.value.some((message) => message.id === id)) return true;
      if (!this.hasOlder.value) return false;
      await this.older();
    }
    return false;
  }

  /** What is on the screen has to be whole. */
  show(shown: readonly Message[]): void {
    this.#filler.want(this.id, shown.filter((row) => row.text === undefined && !row.is_encrypted));
  }

  /** Replies of a thread, which pages of the timeline have too, but not all of them. */
  async thread(root: string): Promise<void> {
    this.#page(await api.replies(this.id, root));
    const lacking = this.messages.value.filter((row) => row.thread_id === root && row.text === undefined);
    this.#filler.want(this.id, lacking.slice(-50));
  }

  #page(page: readonly Message[]): void {
    for (const { sender_id, sender_name, sender_avatar_url } of page) learn(sender_id, sender_name, sender_avatar_url);
    this.messages.value = rows.putPage(this.messages.value, page);
  }

  async #people(): Promise<void> {
    const [members, pinned, receipts] = await Promise.all([
      api.members(this.id),
      api.pins(this.id),
      api.receipts(this.id),
    ]);
    for (const { member_id, display_name, avatar_url } of members) learn(member_id, display_name, avatar_url);
    this.members.value = new Map(members.map((member) => [member.member_id, member]));
    this.pins.value = new Set(pinned.map(({ id }) => id));
    this.receipts.value = new Map(receipts.map(({ member_id, read_seq }) => [member_id, read_seq]));
  }

  event(event: ChannelEvent): void {
    switch (event.type) {
      case "message.created":
        return this.#created(event.message as Message);
      case "message.updated":
        this.messages.value = rows.put(this.messages.value, event.message as Message);
        return this.#refresh(event.message.id);
      case "message.deleted":
        return this.#deleted(event.message as Message);
      case "reaction.added":
      case "reaction.removed": {
        const by = event.type === "reaction.added" ? 1 : -1;
        this.#change(event.message_id, (row) => rows.react(row, event.emoji, by, event.reactor_id === me.value));
        return this.#refresh(event.message_id);
      }
      case "message.preview":
        return this.#change(event.message_id, () => ({ previews: event.previews as Message["previews"] }));
      case "message.pinned":
      case "message.unpinned": {
        const pins = new Set(this.pins.value);
        if (event.type === "message.pinned") pins.add(event.message_id);
        else pins.delete(event.message_id);
        this.pins.value = pins;
        return;
      }
      case "member.invited":
      case "member.joined":
      case "member.left":
      case "member.kicked":
      case "member.role_changed":
        return this.#member(event.member as Member);
    }
  }

  moment(moment: Moment): void {
    if (moment.type === "typing") this.typing.value = moment.member_ids.filter((id) => id !== me.value);
    if (moment.type === "receipt.updated" && moment.thread_id === undefined) {
      this.receipts.value = new Map(this.receipts.value).set(moment.member_id, moment.read_seq);
    }
    if (moment.type === "receipts") {
      this.receipts.value = new Map(moment.receipts.map(({ member_id, read_seq }) => [member_id, read_seq]));
    }
  }

  #created(message: Message): void {
    const isNew = !this.messages.value.some(({ id }) => id === message.id);
    learn(message.sender_id, message.sender_name, message.sender_avatar_url);
    this.messages.value = rows.put(this.messages.value, message);
    this.typing.value = this.typing.value.filter((id) => id !== message.sender_id);
    this.#filler.want(this.id, [message]);
    if (message.thread_id !== null) this.#refresh(message.thread_id);
    if (isNew && message.sender_id !== me.value) {
      announce(t("newMessageFrom", { name: person(message.sender_id).name, text: message.content_preview.slice(0, 200) }));
    }
  }

  #deleted(message: Message): void {
    // What has a thread stays as its place.
    const hasThread = this.messages.value.some((row) => row.thread_id === message.id);
    const after = hasThread ? rows.put(this.messages.value, message) : rows.without(this.messages.value, message.id);
    this.messages.value = after;
    if (this.replyTo.value?.id === message.id) this.replyTo.value = undefined;
    if (this.editing.value?.id === message.id) this.editing.value = undefined;
    if (message.thread_id !== null) this.#refresh(message.thread_id);
  }

  #change(id: string, how: (row: Message) => Partial<Message>): void {
    this.messages.value = rows.change(this.messages.value, id, how);
  }

  /** Reads a message anew, once it has come to rest: its content, its reactions and its thread are in no event. */
  #refresh(id: string): void {
    if (!this.messages.value.some((message) => message.id === id)) return;
    clearTimeout(this.#stale.get(id));
    const timer = setTimeout(() => {
      this.#stale.delete(id);
      void api.message(this.id, id).then(
        (message) => !this.#closed && this.#change(id, () => message),
        () => undefined,
      );
    }, SETTLES);
    this.#stale.set(id, timer);
  }

  #member(member: Member): void {
    const members = new Map(this.members.value);
    const known = members.get(member.member_id);
    const isIn = member.left_at === null && (member.joined_at !== null || member.invited_at !== null);
    if (isIn) members.set(member.member_id, { ...known, ...member });
    else members.delete(member.member_id);
    this.members.value = members;
    // An event does not say what somebody new is called.
    if (isIn && known === undefined) {
      void api.profile(member.member_id).then(
        ({ display_name, avatar_url }) => learn(member.member_id, display_name, avatar_url),
        () => undefined,
      );
    }
  }
}
