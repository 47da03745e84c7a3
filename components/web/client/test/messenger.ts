/** A messenger without a face: does what it is told, and tells what it would draw. In a browser and in Node. */

import { type ChannelStore, type Environment, type Item, MessagingClient, type QueueStorage, type SendMessage } from "../src/index.js";

export interface Setup {
  relay: string;
  api: string;
  /** Answers with a token. */
  tokens: string;
  channels: string[];
}

/** One act; the rest depends on which. */
export interface Act {
  act: string;
  channel: string;
  [argument: string]: unknown;
}

export class Messenger {
  readonly client: MessagingClient;
  readonly #stores = new Map<string, ChannelStore>();
  /** Texts and keys that were drawn twice at once. */
  readonly #doubled: string[] = [];
  /** By channel and text: under which key it was drawn. */
  readonly #keys = new Map<string, string>();
  #sockets = 0;
  #tokens = 0;

  constructor({ relay, api, tokens, channels }: Setup, environment: Partial<Environment> = {}, storage?: QueueStorage) {
    const token = async (): Promise<string> => {
      this.#tokens += 1;
      return (await fetch(tokens)).text();
    };
    this.client = new MessagingClient({ relay, api, token, environment, ...(storage === undefined ? {} : { storage }) });
    this.client.subscribe(() => (this.#sockets += Number(this.client.status === "open")));
    for (const channel of channels) {
      const store = this.client.open(channel, { messages: 50 });
      this.#stores.set(channel, store);
      store.subscribe(() => this.#look(store));
    }
    void this.client.channels.load().catch(() => undefined);
  }

  /** Does what it is told; what comes of it. */
  async act({ act, channel, ...given }: Act): Promise<unknown> {
    const store = this.#stores.get(channel)!;
    const text = (name: string): string => String(given[name]);
    switch (act) {
      case "send":
        return store.send(given["body"] as SendMessage);
      case "send in thread":
        return store.thread(text("root")).send(given["body"] as SendMessage);
      case "edit":
        return store.edit(text("message"), { text: text("text") });
      case "delete":
        return store.delete(text("message"));
      case "react":
        return store.react(text("message"), text("emoji"), given["reacted"] !== false);
      case "older":
        return store.older(Number(given["limit"]));
      case "around":
        return (await store.around(text("message"), 5))?.id ?? null;
      case "mark read":
        return store.markRead();
      case "type":
        return store.type();
      case "pins":
        return store.loadPins();
      case "members": {
        const { api } = this.client;
        return (await api.listMembers(channel, { limit: 1 }).all()).map(({ member_id }) => member_id);
      }
      case "upload": {
        const told: number[] = [];
        const file = new Blob(["x".repeat(Number(given["size"]))], { type: "text/plain" });
        const uploaded = await this.client.api.uploadFile(channel, file, { filename: "x.txt", progress: (sent) => told.push(sent) });
        store.send({ msgtype: "m.file", file: { content_uri: uploaded.content_uri, filename: uploaded.filename } });
        return { told, uploaded };
      }
      case "download":
        return (await (await fetch(await this.client.media.url(text("uri")))).text()).length;
      default:
        throw new Error(`${act} is nothing that one can do`);
    }
  }

  /** What would be drawn. */
  report(): unknown {
    const item = (one: Item): unknown =>
      one.kind === "gap"
        ? one
        : { kind: one.kind, key: one.key, state: one.state, ...one.message, reactions: one.message.reactions ?? [], thread: one.message.thread?.reply_count ?? 0 };
    const channels = [...this.#stores.values()].map((store) => [
      store.id,
      {
        status: store.status,
        why: store.why ?? null,
        items: store.items.map(item),
        unread: store.unread,
        typists: store.typists,
        pins: store.pins?.map(({ id }) => id) ?? null,
        members: [...store.members.values()].map(({ member_id }) => member_id).sort(),
      },
    ]);
    const list = this.client.channels.channels.map(({ id, last_message, unread_count }) => ({
      id,
      last: last_message?.content_preview ?? null,
      unread_count,
    }));
    return {
      caller: this.client.caller ?? null,
      status: this.client.status,
      sockets: this.#sockets,
      tokens: this.#tokens,
      doubled: this.#doubled,
      channels: Object.fromEntries(channels) as unknown,
      list,
    };
  }

  #look(store: ChannelStore): void {
    const texts = new Set<string>();
    for (const item of store.items) {
      if (item.kind !== "message" || item.message.sender_id !== this.client.caller) continue;
      const { content_preview } = item.message;
      if (texts.has(content_preview)) this.#doubled.push(content_preview);
      texts.add(content_preview);
      // What was drawn under a key stays under it.
      const drawn = `${store.id} ${content_preview}`;
      const key = this.#keys.get(drawn);
      if (key !== undefined && key !== item.key) this.#doubled.push(`${content_preview} under another key`);
      this.#keys.set(drawn, item.key);
    }
  }
}

/** A line that is an act, or asks for the report. */
export async function respond(messenger: Messenger, line: string): Promise<unknown> {
  if (line === "report") return messenger.report();
  try {
    return { done: (await messenger.act(JSON.parse(line) as Act)) ?? null };
  } catch (error) {
    const { name, message, code } = error as { name: string; message: string; code?: string };
    return { failed: { name, message, code: code ?? null } };
  }
}
