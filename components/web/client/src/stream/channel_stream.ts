/** A socket for one channel: `GET /ws/messaging/{channel_id}`. */

import type { Api } from "../api/api.js";
import type { Environment } from "../environment.js";
import { Core, type StreamOptions } from "../options.js";
import type { Received } from "./frames.js";
import { Link } from "./link.js";
import { type Carrier, type ChannelHandlers, Subscription, type SubscriptionOptions } from "./subscription.js";

export class ChannelStream implements Carrier {
  readonly environment: Environment;
  readonly api: Api;
  readonly subscription: Subscription;
  readonly #link: Link;

  /** Follows the channel until [`close`] or `lost`. */
  constructor(
    readonly options: StreamOptions,
    channel: string,
    handlers: ChannelHandlers,
    subscribed: SubscriptionOptions = {},
  ) {
    const core = new Core(options);
    this.environment = core.environment;
    this.api = core.api;
    this.#link = new Link(core.environment, core.token, {
      address: () => core.socket(`/ws/messaging/${encodeURIComponent(channel)}`, this.subscription.since),
      opened: () => undefined,
      received: (what) => this.#received(what),
      stopped: (why) => this.subscription.lose(why),
      status: (status) => {
        if (status !== "open") this.subscription.disconnected();
        options.status?.(status);
      },
    });
    this.subscription = new Subscription(channel, this, handlers, subscribed);
    this.subscription.begin();
    // Without a number, the snapshot comes first, and then asks.
    if (this.subscription.since !== undefined) this.#link.start();
  }

  /** Ends it. */
  close(): void {
    this.subscription.end();
    this.#link.stop();
  }

  /** A socket for one channel asks with its address. */
  ask(): void {
    if (!this.#link.start()) this.#link.replace();
  }

  #received(what: Received): void {
    if (what.kind === "event") this.subscription.take(what.event);
    else if (what.kind === "notice") this.subscription.notice(what.notice);
    else if (what.kind === "moment") this.subscription.moment(what.moment);
    else if (what.kind === "other") this.options.other?.(what.frame);
    else if (what.kind === "personal") {
      const { personal } = what;
      if (personal.type === "unread.updated" && personal.channel_id === this.subscription.id) this.subscription.unread(personal);
      this.options.personal?.(personal);
    }
  }
}
