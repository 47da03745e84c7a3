/** The channel that is open: the client's store of it, and what its reader is about to do in it. */

import { computed, signal } from "@preact/signals";
import { t } from "../i18n";
import { client } from "./client";
import { Contents } from "./contents";
import { learn, person } from "./names";
import { announce } from "./notices";
import { me } from "./session";
import type { Channel, ChannelStore, Item, Member, Message } from "./types";

/** Messages that are there at first. */
const FIRST = 50;

export class Room {
  readonly store: ChannelStore;
  readonly contents: Contents;
  readonly replyTo = signal<Message | undefined>(undefined);
  readonly editing = signal<Message | undefined>(undefined);
  /** Up to where its reader had read when they came, or came back. */
  readonly unreadAfter = signal<number | undefined>(undefined);
  readonly #version = signal(0);
  readonly #deaf: () => void;
  #members: ReadonlyMap<string, Member> | undefined;
  #newest = Infinity;

  readonly items = computed<readonly Item[]>(() => this.now.items);
  readonly pinned = computed<ReadonlySet<string>>(() => new Set(this.now.pins?.map(({ id }) => id)));
  readonly channel = computed<Channel | undefined>(() => this.now.channel);
  readonly status = computed(() => this.now.status);
  readonly members = computed(() => this.now.members);
  /** Whether its reader manages messages and members. */
  readonly manages = computed(() => ["owner", "admin"].includes(this.channel.value?.membership?.role ?? ""));
  readonly isOpen = computed(() => this.channel.value?.archived_at === null);
  readonly mayWrite = computed(() => this.isOpen.value && this.channel.value?.membership?.can_write !== false);

  constructor(readonly id: string) {
    this.store = client().open(id, { messages: FIRST });
    this.contents = new Contents(id);
    this.#deaf = this.store.subscribe(() => this.#changed());
    void this.store.loadPins().catch(() => undefined);
  }

  /** The store; whoever reads it is drawn again when it changes. */
  get now(): ChannelStore {
    return this.#version.value >= 0 ? this.store : this.store;
  }

  close(): void {
    this.#deaf();
    this.store.close();
    this.contents.close();
  }

  #changed(): void {
    const { store } = this;
    if (store.members !== this.#members) {
      this.#members = store.members;
      for (const { member_id, display_name, avatar_url } of store.members.values()) learn(member_id, display_name, avatar_url);
    }
    if (store.status !== "loading") {
      const { unread_count, read_seq } = store.unread;
      this.unreadAfter.value ??= unread_count > 0 ? (read_seq ?? Infinity) : Infinity;
      this.#announce();
    }
    this.#version.value += 1;
  }

  #announce(): void {
    const last = this.store.messages.at(-1);
    if (last === undefined || last.seq <= this.#newest) {
      if (this.#newest === Infinity) this.#newest = last?.seq ?? 0;
      return;
    }
    this.#newest = last.seq;
    if (last.sender_id === me.peek()) return;
    learn(last.sender_id, last.sender_name, last.sender_avatar_url);
    announce(t("newMessageFrom", { name: person(last.sender_id).name, text: [...last.content_preview].slice(0, 200).join("") }));
  }
}

/** The one that is open. */
export const open = signal<Room | undefined>(undefined);
