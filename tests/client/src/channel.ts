/** A socket for one channel: `GET /ws/messaging/{channel_id}`. */

import type { Environment } from "./environment.js";
import type { Received } from "./frames.js";
import type { Link } from "./link.js";
import { type ClientOptions, parts } from "./options.js";
import type { Rest } from "./rest.js";
import { type Carrier, type ChannelHandlers, Subscription, type SubscriptionOptions } from "./subscription.js";

export class ChannelClient implements Carrier {
  readonly environment: Environment;
  readonly rest: Rest;
  readonly subscription: Subscription;
  readonly #link: Link;

  /** Follows the channel until [`close`] or `lost`. */
  constructor(
    readonly options: ClientOptions,
    channel: string,
    handlers: ChannelHandlers,
    subscribed: SubscriptionOptions = {},
  ) {
    const path = `/ws/messaging/${encodeURIComponent(channel)}`;
    const made = parts(options, path, () => this.subscription.since, {
      opened: () => undefined,
      received: (what) => this.#received(what),
      stopped: (why) => this.subscription.lose(why),
      status: (status) => {
        if (status !== "open") this.subscription.disconnected();
        options.status?.(status);
      },
    });
    this.environment = made.environment;
    this.rest = made.rest;
    this.#link = made.link;
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
    else if (what.kind === "personal") this.options.personal?.(what.personal);
    else if (what.kind === "other") this.options.other?.(what.frame);
  }
}
