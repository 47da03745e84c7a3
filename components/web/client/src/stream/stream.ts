/** One socket for many channels: `GET /ws/messaging`. */

import type { Api } from "../api/api.js";
import type { Environment } from "../environment.js";
import { Core, type StreamOptions } from "../options.js";
import { Backoff } from "./backoff.js";
import type { Notice, Received } from "./frames.js";
import { Link } from "./link.js";
import { type Carrier, type ChannelHandlers, Subscription, type SubscriptionOptions } from "./subscription.js";

/** The path of the socket. */
const PATH = "/ws/messaging";
/** Channels that one command names: far below the relay's bound of 64 KiB for a message. */
const CHANNELS = 400;

export class MessagingStream implements Carrier {
  readonly environment: Environment;
  readonly api: Api;
  readonly #link: Link;
  readonly #backoff: Backoff;
  /** By channel; one may be followed for several purposes. */
  readonly #subscriptions = new Map<string, Set<Subscription>>();

  constructor(
    readonly options: StreamOptions,
    core = new Core(options),
  ) {
    this.environment = core.environment;
    this.api = core.api;
    this.#backoff = new Backoff(core.environment.random);
    this.#link = new Link(core.environment, core.token, {
      address: () => core.socket(PATH),
      opened: () => this.#send(this.#all()),
      received: (what) => this.#received(what),
      stopped: (why) => [...this.#subscriptions.keys()].forEach((channel) => this.#lose(channel, why)),
      status: (status) => {
        if (status !== "open") this.#all().forEach((subscription) => subscription.disconnected());
        options.status?.(status);
      },
    });
  }

  /** Connects, if nothing has made it yet: a socket without channels hears what concerns the caller. */
  connect(): void {
    this.#link.start();
  }

  /** Follows a channel until [`unfollow`] or `lost`. */
  follow(channel: string, handlers: ChannelHandlers, options: SubscriptionOptions = {}): Subscription {
    const subscription = new Subscription(channel, this, handlers, options);
    const others = this.#subscriptions.get(channel) ?? new Set();
    this.#subscriptions.set(channel, others.add(subscription));
    this.#link.start();
    subscription.begin();
    this.ask(subscription);
    return subscription;
  }

  /** Ends one subscription, or all of a channel. */
  unfollow(what: string | Subscription): void {
    const channel = typeof what === "string" ? what : what.id;
    const followed = this.#subscriptions.get(channel);
    if (followed === undefined) return;
    for (const subscription of typeof what === "string" ? [...followed] : [what]) {
      subscription.end();
      followed.delete(subscription);
    }
    if (followed.size > 0) return;
    this.#subscriptions.delete(channel);
    this.#link.send(JSON.stringify({ unsubscribe: [{ channel_id: channel }] }));
  }

  /** Says that the caller types in a channel, or has stopped. It is of the moment: without a connection nobody hears it. */
  typing(channel: string, typing: boolean): void {
    this.#link.send(JSON.stringify({ typing: { channel_id: channel, typing } }));
  }

  /** Ends everything. */
  close(): void {
    this.#all().forEach((subscription) => subscription.end());
    this.#subscriptions.clear();
    this.#link.stop();
  }

  /** Asks for a channel again, as [`Carrier`] says. */
  ask(subscription: Subscription): void {
    this.#send(this.#of(subscription.id));
  }

  #all(): Subscription[] {
    return [...this.#subscriptions.values()].flatMap((followed) => [...followed]);
  }

  #of(channel: string): Subscription[] {
    return [...(this.#subscriptions.get(channel) ?? [])];
  }

  #send(subscriptions: Subscription[]): void {
    // Those without a number are asked for when their snapshot is there. What one has already, it leaves aside.
    const wanted = new Map<string, number>();
    for (const { id, since } of subscriptions) {
      if (since !== undefined) wanted.set(id, Math.min(since, wanted.get(id) ?? since));
    }
    const named = [...wanted].map(([channel_id, since_seq]) => ({ channel_id, since_seq }));
    for (let first = 0; first < named.length; first += CHANNELS) {
      this.#link.send(JSON.stringify({ subscribe: named.slice(first, first + CHANNELS) }));
    }
  }

  #received(what: Received): void {
    if (what.kind === "event") this.#of(what.event.channel_id).forEach((subscription) => subscription.take(what.event));
    else if (what.kind === "moment") this.#of(what.moment.channel_id).forEach((subscription) => subscription.moment(what.moment));
    else if (what.kind === "notice") this.#notice(what.notice);
    else if (what.kind === "other") this.options.other?.(what.frame);
    else if (what.kind === "personal") {
      const { personal } = what;
      if (personal.type === "unread.updated") this.#of(personal.channel_id).forEach((subscription) => subscription.unread(personal));
      this.options.personal?.(personal);
    }
  }

  #notice(notice: Notice): void {
    const followed = this.#of(notice.channel_id);
    if (notice.type !== "error") return followed.forEach((subscription) => subscription.notice(notice));
    switch (notice.code) {
      case "unavailable":
        followed.forEach((subscription) => subscription.disconnected());
        this.environment.after(this.#backoff.next(), () => this.#send(this.#of(notice.channel_id)));
        return;
      case "invalid_since_seq":
        return followed.forEach((subscription) => subscription.restart());
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
    const followed = this.#of(channel);
    this.#subscriptions.delete(channel);
    followed.forEach((subscription) => subscription.lose(why));
  }
}
