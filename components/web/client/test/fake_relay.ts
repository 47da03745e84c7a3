/** A channel, a relay and an API that keep the contract, with a network between that does not. */

import type { ChannelEvent, Message } from "../src/frames.js";
import { FakePlace, type FakeSocket } from "./fake_place.js";

export const CHANNEL = "00000000-0000-0000-0000-00000000000c";

interface Subscriber {
  socket: FakeSocket;
  /** The number of the last frame that was sent. */
  sent: number;
}

export class FakeRelay {
  readonly place: FakePlace;
  /** Every event, the first one with number 1. */
  readonly log: ChannelEvent[] = [];
  readonly messages = new Map<string, Message>();
  /** The number of the last event that is kept no more. */
  forgotten = 0;
  /** Whether requests over REST fail. */
  down = false;
  /** Frames that the relay leaves out, against its promise. */
  faulty = false;
  #subscribers: Subscriber[] = [];

  constructor(seed: number) {
    this.place = new FakePlace(
      seed,
      (address) => this.#respond(new URL(address)),
      (socket) => this.#accept(socket),
    );
  }

  /** Something happens in the channel. */
  happens(): void {
    const { place } = this;
    const seq = this.log.length + 1;
    const [chosen] = [...this.messages.values()].slice(place.below(Math.max(this.messages.size, 1)));
    const [type, message] = this.#act(seq, chosen);
    if (type === "message.deleted") this.messages.delete(message.id);
    else this.messages.set(message.id, message);
    this.log.push({ type, event_id: `e${seq}`, channel_id: CHANNEL, seq, message });
    this.place.after(place.below(50), () => this.deliver());
  }

  /** Sends subscribers what they do not have yet. */
  deliver(): void {
    for (const subscriber of this.#subscribers.filter(({ socket }) => !socket.closed)) {
      for (const event of this.log.slice(subscriber.sent)) {
        subscriber.sent = event.seq;
        if (!this.faulty || this.place.random() > 0.2) subscriber.socket.says(event);
      }
    }
  }

  cut(): void {
    for (const { socket } of this.#subscribers) socket.ends();
    this.#subscribers = [];
  }

  #act(seq: number, chosen: Message | undefined): ["message.created" | "message.updated" | "message.deleted", Message] {
    const chance = this.place.random();
    if (chosen === undefined || chance < 0.6) return ["message.created", message(seq)];
    if (chance < 0.85) return ["message.updated", { ...chosen, content_preview: `edited by ${seq}` }];
    return ["message.deleted", { ...chosen, deleted_at: "2026-01-01T00:00:00Z" }];
  }

  #accept(socket: FakeSocket): void {
    const since = new URL(socket.address).searchParams.get("since_seq");
    this.place.after(this.place.below(30), () => {
      if (socket.closed) return;
      socket.heard = (text) => this.#heard(socket, text);
      socket.opens();
      if (since !== null) this.#subscribe(socket, Number(since));
    });
  }

  #heard(socket: FakeSocket, text: string): void {
    if (text === "ping") return socket.says("pong");
    const { subscribe = [] } = JSON.parse(text) as { subscribe?: { since_seq: number }[] };
    for (const { since_seq } of subscribe) {
      this.place.after(this.place.below(30), () => {
        if (!socket.closed) this.#subscribe(socket, since_seq);
      });
    }
  }

  #subscribe(socket: FakeSocket, since: number): void {
    this.#subscribers = this.#subscribers.filter((other) => other.socket !== socket);
    const head = this.log.length;
    socket.says({ type: "subscribed", channel_id: CHANNEL, seq: head });
    const gone = since < this.forgotten || since > head;
    if (gone) socket.says({ type: "reload", channel_id: CHANNEL, seq: head });
    this.#subscribers.push({ socket, sent: gone ? head : since });
    this.deliver();
  }

  #respond(address: URL): unknown {
    if (this.down || this.place.random() < 0.1) return undefined;
    if (address.pathname.endsWith("/members")) return [];
    if (!address.pathname.endsWith("/messages")) return { id: CHANNEL };
    const after = address.searchParams.get("after");
    const limit = Number(address.searchParams.get("limit"));
    const all = [...this.messages.values()].sort((one, other) => one.seq - other.seq);
    const page = after === null ? all.slice(-limit) : all.filter(({ seq }) => seq > Number(after)).slice(0, limit);
    return page.reverse();
  }
}

function message(seq: number): Message {
  return {
    id: `m${seq}`,
    channel_id: CHANNEL,
    seq,
    matrix_event_id: `$${seq}`,
    sender_id: "user:alice",
    sender_type: "human",
    content_preview: `message ${seq}`,
    truncated: false,
    content_type: "text",
    thread_id: null,
    reply_to: null,
    edited_at: null,
    deleted_at: null,
    created_at: "2026-01-01T00:00:00Z",
    mentions: [],
    poll_ended_at: null,
    file: null,
    previews: [],
  };
}
