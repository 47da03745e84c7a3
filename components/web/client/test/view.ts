/** What handlers make of a snapshot and the events behind it, and of nothing else. */

import type { Channel, ChannelEvent, ChannelHandlers, Member, Message, Snapshot } from "../src/index.js";

export class ChannelView implements ChannelHandlers {
  channel: Channel | undefined;
  /** By who they are. */
  readonly members = new Map<string, Member>();
  /** By message, then by emoji: who reacted so. Of messages whose reactions were read, and of new ones. */
  readonly reactions = new Map<string, Map<string, Set<string>>>();
  readonly #messages = new Map<string, Message>();

  /** What is shown, oldest first. */
  get messages(): Message[] {
    return [...this.#messages.values()].sort((one, other) => one.seq - other.seq);
  }

  snapshot(snapshot: Snapshot): void {
    this.channel = snapshot.channel;
    this.members.clear();
    for (const member of snapshot.members) this.members.set(member.member_id, member);
    this.#messages.clear();
    for (const message of snapshot.messages) this.#messages.set(message.id, message);
    this.reactions.clear();
    for (const [message, list] of snapshot.reactions) {
      this.reactions.set(message, new Map(list.map(({ emoji, reactors }) => [emoji, new Set(reactors)])));
    }
  }

  /** Older messages that were read over REST. */
  prepend(messages: Message[]): void {
    for (const message of messages) {
      if (message.deleted_at === null && !this.#messages.has(message.id)) this.#messages.set(message.id, message);
    }
  }

  event(event: ChannelEvent): void {
    switch (event.type) {
      case "message.created":
        this.#messages.set(event.message.id, event.message);
        if (!this.reactions.has(event.message.id)) this.reactions.set(event.message.id, new Map());
        break;
      case "message.updated":
        // One from before what is shown is not shown now either.
        if (this.#messages.has(event.message.id)) this.#messages.set(event.message.id, event.message);
        break;
      case "message.deleted":
        this.#messages.delete(event.message.id);
        this.reactions.delete(event.message.id);
        break;
      case "reaction.added":
        this.#react(event.message_id, event.emoji, (reactors) => reactors.add(event.reactor_id));
        break;
      case "reaction.removed":
        this.#react(event.message_id, event.emoji, (reactors) => reactors.delete(event.reactor_id));
        break;
      case "channel.created":
      case "channel.updated":
      case "channel.archived":
        this.channel = event.channel;
        break;
      case "member.invited":
      case "member.joined":
      case "member.left":
      case "member.kicked":
      case "member.role_changed":
        this.#member(event.member);
        break;
      case "message.preview": {
        const message = this.#messages.get(event.message_id);
        if (message !== undefined) this.#messages.set(message.id, { ...message, previews: event.previews });
        break;
      }
      // Whoever shows what is pinned reads the pins again.
      case "message.pinned":
      case "message.unpinned":
      case "newer":
        break;
    }
  }

  #react(message: string, emoji: string, change: (reactors: Set<string>) => void): void {
    const emojis = this.reactions.get(message);
    if (emojis === undefined) return;
    const reactors = emojis.get(emoji) ?? new Set();
    change(reactors);
    if (reactors.size > 0) emojis.set(emoji, reactors);
    else emojis.delete(emoji);
  }

  /** Who is in or invited is a member; rights can also be changed of somebody who is neither. */
  #member(member: Member): void {
    const isMember = member.left_at === null && (member.joined_at !== null || member.invited_at !== null);
    if (isMember) this.members.set(member.member_id, member);
    else this.members.delete(member.member_id);
  }
}
