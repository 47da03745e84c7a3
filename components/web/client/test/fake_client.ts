/** A client of a fake relay, as a messenger has it. */

import { type ChannelStore, type ChannelStoreOptions, MessagingClient, type MessageItem, type QueueStorage } from "../src/index.js";
import { CHANNEL, type FakeRelay, ME } from "./fake_relay.js";

export function client(relay: FakeRelay, storage?: QueueStorage): MessagingClient {
  const options = { relay: "ws://relay.test", api: "http://api.test", developmentUser: ME, environment: relay.place };
  return new MessagingClient({ ...options, ...(storage === undefined ? {} : { storage }) });
}

/** A channel that is live. */
export async function opened(relay: FakeRelay, options?: ChannelStoreOptions): Promise<ChannelStore> {
  relay.unreached = 0;
  const store = client(relay).open(CHANNEL, options);
  await relay.place.pass(1_000);
  return store;
}

export function shown({ items }: { items: ChannelStore["items"] }): MessageItem[] {
  return items.filter((item): item is MessageItem => item.kind === "message");
}

export function texts(list: { items: ChannelStore["items"] }): string[] {
  return shown(list).map(({ message }) => message.content_preview);
}

/** A storage that outlives programs. */
export function memory(): QueueStorage & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    all: () => [...kept.values()],
    put: (id, text) => void kept.set(id, text),
    delete: (id) => void kept.delete(id),
  };
}
