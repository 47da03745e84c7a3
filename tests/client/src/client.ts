/** One socket for many channels: `GET /ws/messaging`. */

import { Backoff } from "./backoff.js";
import type { Environment } from "./environment.js";
import type { Notice, Received } from "./frames.js";
import type { Link } from "./link.js";
import { type ClientOptions, parts } from "./options.js";
import type { Rest } from "./rest.js";
import { type Carrier, type ChannelHandlers, Subscription, type SubscriptionOptions } from "./subscription.js";

/** The path of the socket. */
const PATH = "/ws/messaging";
/** Channels that one command names: far below the relay's bound of 64 KiB for a message. */
const CHANNELS = 400;

export class MessagingClient implements Carrier {
  readonly environment: Environment;
  readonly rest: Rest;
  readonly #link: Link;
  readonly #backoff: Backoff;
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(readonly options: ClientOptions) {
    const made = parts(options, PATH, () => undefined, {
      opened: () => this.#send([...this.#subscriptions.values()]),
      received: (what) => this.#received(what),
      stopped: (why) => [...this.#subscriptions.values()].forEach((subscription) => this.#lose(subscription.id, why)),
      status: (status) => {
        if (status !== "open") this.#subscriptions.forEach((subscription) => subscription.disconnected());
        options.status?.(status);
      },
    });
    this.environment = made.environment;
    this.rest = made.rest;
    this.#link = made.link;
    this.#backoff = new Backoff(made.environment.random);
  }

  /** Follows a channel until [`unfollow`] or `lost`. */
  follow(channel: string, handlers: ChannelHandlers, options: SubscriptionOptions = {}): Subscription {
    if (this.#subscriptions.has(channel)) throw new Error(`${channel} is followed already`);
    const subscription = new Subscription(channel, this, handlers, options);
    this.#subscriptions.set(channel, subscription);
    this.#link.start();
    subscription.begin();
    this.ask(subscription);
    return subscription;
  }

  unfollow(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription === undefined) return;
    subscription.end();
    this.#subscriptions.delete(channel);
    this.#link.send(JSON.stringify({ unsubscribe: [{ channel_id: channel }] }));
  }

  /** Ends everything. */
  close(): void {
    this.#subscriptions.forEach((subscription) => subscription.end());
    this.#subscriptions.clear();
    this.#link.stop();
  }

  /** Asks for a channel again, as [`Carrier`] says. */
  ask(subscription: Subscription): void {
    this.#send([subscription]);
  }

  #send(subscriptions: Subscription[]): void {
    // Those without a number are asked for when their snapshot is there.
    const wanted = subscriptions.flatMap(({ id, since }) =>
      since === undefined ? [] : [{ channel_id: id, since_seq: since }],
    );
    for (let first = 0; first < wanted.length; first += CHANNELS) {
      this.#link.send(JSON.stringify({ subscribe: wanted.slice(first, first + CHANNELS) }));
    }
  }

  #received(what: Received): void {
    if (what.kind === "event") this.#subscriptions.get(what.event.channel_id)?.take(what.event);
    else if (what.kind === "moment") this.#subscriptions.get(what.moment.channel_id)?.moment(what.moment);
    else if (what.kind === "personal") this.options.personal?.(what.personal);
    else if (what.kind === "notice") this.#notice(what.notice);
    else if (what.kind === "other") this.options.other?.(what.frame);
  }

  #notice(notice: Notice): void {
    const subscription = this.#subscriptions.get(notice.channel_id);
    if (subscription === undefined) return;
    if (notice.type !== "error") return subscription.notice(notice);
    switch (notice.code) {
      case "unavailable":
        subscription.disconnected();
        this.environment.after(this.#backoff.next(), () => {
          if (this.#subscriptions.get(notice.channel_id) === subscription) this.ask(subscription);
        });
        return;
      case "invalid_since_seq":
        return subscription.restart();
      case "access_lost":
      case "channel_gone":
      case "not_found":
      case "too_many_channels":
        return this.#lose(notice.channel_id, notice.code);
      default:
        return this.#lose(notice.channel_id, "refused");
    }
  }

  #lose(channel: string, why: Parameters<Subscription["lose"]>[0]): void {
    const subscription = this.#subscriptions.get(channel);
    this.#subscriptions.delete(channel);
    subscription?.lose(why);
  }
}
