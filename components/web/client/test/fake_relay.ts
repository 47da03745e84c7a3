/** A channel, a relay and an API that keep the contract, with a network between that does not. */

import type { ChannelEvent, Message } from "../src/index.js";
import { clientKey } from "../src/client_key.js";
import { FakePlace, type FakeSocket } from "./fake_place.js";

export const CHANNEL = "00000000-0000-0000-0000-00000000000c";

/** Who calls. */
export const ME = "user:me";

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
  /** How often a request does not reach the service, and how often its response does not come back. */
  unreached = 0.1;
  unanswered = 0;
  /** How long responses take at most, in milliseconds. */
  slowness = 0;
  /** What else responds, before anything else does. */
  responds: (address: URL, init: RequestInit) => unknown = () => undefined;
  /** Reactors by emoji by message. */
  readonly reactions = new Map<string, Map<string, Set<string>>>();
  /** What clients have said, apart from signs of life. */
  readonly heard: string[] = [];
  #subscribers: Subscriber[] = [];

  constructor(seed: number) {
    this.place = new FakePlace(
      seed,
      (address, init) => this.#respond(new URL(address), init),
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
    this.logs({ type, message });
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
    this.heard.push(text);
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

  /** A message comes into the channel. */
  sends(sender: string, text: string, key?: string, more: Partial<Message> = {}): Message {
    const seq = this.log.length + 1;
    const client_key = key === undefined ? {} : { client_key: clientKey(sender, key) };
    const sent = { ...message(seq), sender_id: sender, content_preview: text, ...client_key, ...more };
    this.messages.set(sent.id, sent);
    this.logs({ type: "message.created", message: sent });
    return sent;
  }

  /** An event takes the next number. */
  logs(event: object): void {
    const seq = this.log.length + 1;
    this.log.push({ ...event, event_id: `e${seq}`, channel_id: CHANNEL, seq } as ChannelEvent);
    this.place.after(this.place.below(50), () => this.deliver());
  }

  reacts(id: string, emoji: string, reactor: string, isAdded = true): void {
    const emojis = this.reactions.get(id) ?? new Map<string, Set<string>>();
    this.reactions.set(id, emojis);
    const reactors = emojis.get(emoji) ?? new Set<string>();
    emojis.set(emoji, reactors);
    if (reactors.has(reactor) === isAdded) return;
    if (isAdded) reactors.add(reactor);
    else reactors.delete(reactor);
    this.logs({ type: isAdded ? "reaction.added" : "reaction.removed", message_id: id, reactor_id: reactor, emoji });
  }

  /** A message as pages show it. */
  row(message: Message): Message {
    const counts = [...(this.reactions.get(message.id) ?? [])].filter(([, reactors]) => reactors.size > 0);
    return {
      ...message,
      reactions: counts.map(([emoji, reactors]) => ({ emoji, count: reactors.size, reacted: reactors.has(ME) })),
    };
  }

  async #respond(address: URL, init: RequestInit): Promise<unknown> {
    const { place } = this;
    const pass = (): Promise<void> => new Promise((resolve) => place.after(place.below(this.slowness + 1), resolve));
    if (this.slowness > 0) await pass();
    const lost = this.down || place.random() < this.unreached;
    const isUnanswered = place.random() < this.unanswered;
    const body = lost ? undefined : (this.responds(address, init) ?? this.#answer(address, init));
    if (this.slowness > 0) await pass();
    return isUnanswered ? undefined : body;
  }

  #answer(address: URL, init: RequestInit): unknown {
    if (address.pathname.endsWith("/members")) return [];
    if (address.pathname.endsWith("/reactions")) {
      const emojis = this.reactions.get(address.pathname.split("/").at(-2) ?? "") ?? new Map<string, Set<string>>();
      return [...emojis]
        .filter(([, reactors]) => reactors.size > 0)
        .map(([emoji, reactors]) => ({ emoji, count: reactors.size, reacted: reactors.has(ME), reactors: [...reactors] }));
    }
    if (!address.pathname.endsWith("/messages")) return { id: CHANNEL, last_seq: this.log.length, read_seq: null };
    if (init.method === "POST") {
      const key = new Headers(init.headers).get("Idempotency-Key") ?? "";
      const known = [...this.messages.values()].find(({ client_key }) => client_key === clientKey(ME, key));
      const { text, thread_id } = JSON.parse(String(init.body)) as { text: string; thread_id?: string };
      return known ?? this.sends(ME, text, key, thread_id === undefined ? {} : { thread_id });
    }
    const [after, before] = ["after", "before"].map((name) => address.searchParams.get(name)?.replace("m", ""));
    const limit = Number(address.searchParams.get("limit"));
    const all = [...this.messages.values()].map((message) => this.row(message)).sort((one, other) => one.seq - other.seq);
    if (after != null) return all.filter(({ seq }) => seq > Number(after)).slice(0, limit).reverse();
    return all.filter(({ seq }) => before == null || seq < Number(before)).slice(-limit).reverse();
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
    sender_name: null,
    sender_avatar_url: null,
    is_encrypted: false,
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
