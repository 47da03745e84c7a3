/** Everything together: one connection for all channels, and what a messenger draws. */

import type { Api } from "./api/api.js";
import type { Media } from "./api/media.js";
import { type ClientOptions, Core } from "./options.js";
import { ChannelList } from "./store/channel_list.js";
import { ChannelStore, type ChannelStoreOptions } from "./store/channel_store.js";
import { Observable } from "./store/observable.js";
import { Outbox } from "./store/outbox.js";
import type { QueueStorage } from "./store/storage.js";
import type { Personal } from "./stream/frames.js";
import type { Status } from "./stream/link.js";
import { MessagingStream } from "./stream/stream.js";

export interface MessagingOptions extends ClientOptions {
  /** Where messages that were not sent yet outlive the page; `webStorage(localStorage, "…")` for example. */
  storage?: QueueStorage;
  /** What a channel is to the caller, and memberships of theirs, of whatever channel. */
  personal?(personal: Personal): void;
}

export class MessagingClient extends Observable {
  readonly api: Api;
  readonly media: Media;
  readonly stream: MessagingStream;
  readonly outbox: Outbox;
  readonly channels: ChannelList;
  readonly #core: Core;
  readonly #open = new Map<string, { store: ChannelStore; users: number }>();
  #status: Status = "closed";

  constructor(options: MessagingOptions) {
    super();
    const core = (this.#core = new Core(options));
    this.api = core.api;
    this.media = core.media;
    this.outbox = new Outbox(core, options.storage);
    const stream = {
      ...options,
      status: (status: Status) => this.#become(status),
      personal: (personal: Personal) => {
        this.channels.heard(personal);
        options.personal?.(personal);
      },
    };
    this.stream = new MessagingStream(stream, core);
    this.channels = new ChannelList(core, this.stream);
  }

  /** What the connection is; listeners hear of changes. */
  get status(): Status {
    return this.#status;
  }

  /** Who calls, `user:<id>` or `agent:<id>`; `undefined` until there was a token. */
  get caller(): string | undefined {
    return this.#core.caller;
  }

  /** A channel, live from now on. Opened twice it is the same one, until it was closed twice. */
  open(channel: string, options?: ChannelStoreOptions): ChannelStore {
    const open = this.#open.get(channel);
    if (open !== undefined && open.store.status !== "lost") {
      open.users += 1;
      return open.store;
    }
    const parts = {
      core: this.#core,
      stream: this.stream,
      outbox: this.outbox,
      entered: (id: string) => this.channels.entered(id),
    };
    const store: ChannelStore = new ChannelStore(channel, parts, options, (): boolean => this.#closed(channel, store));
    this.#open.set(channel, { store, users: 1 });
    return store;
  }

  /** Ends everything. */
  close(): void {
    this.channels.close();
    this.stream.close();
    this.outbox.close();
  }

  /** Whether it is the last one who uses it. */
  #closed(channel: string, store: ChannelStore): boolean {
    const open = this.#open.get(channel);
    if (open?.store !== store) return true;
    if ((open.users -= 1) > 0) return false;
    return this.#open.delete(channel);
  }

  #become(status: Status): void {
    this.#status = status;
    if (status === "open") {
      this.channels.connected();
      this.outbox.wake();
    }
    this.changed();
  }
}
