/** One channel as the application follows it: a snapshot first, then its events, each once and in order. */

import { Backoff } from "./backoff.js";
import type { Lost } from "./close.js";
import type { Api } from "../api/api.js";
import { ProblemError } from "../api/problem.js";
import type { Environment } from "../environment.js";
import type { Message } from "../types.js";
import type {
  ChannelEvent,
  Moment,
  Notice,
  ProfileUpdated,
  ReceiptUpdated,
  Receipts,
  Typing,
  UnreadUpdated,
} from "./frames.js";
import { Sequence } from "./sequence.js";
import { readBack, readSnapshot, type Snapshot, type SnapshotOptions } from "./snapshot.js";

export interface ChannelHandlers {
  /** The channel as it stands. It replaces everything: events may be missing between it and what was before. */
  snapshot(snapshot: Snapshot): void;
  /** What happened next. The rows in it are whole, so that it does no harm when the snapshot knows of it already. */
  event(event: ChannelEvent): void;
  /** Everything up to now has come. */
  live?(): void;
  typing?(typing: Typing): void;
  /** Somebody's name or picture is another one. */
  profile?(profile: ProfileUpdated): void;
  /** How far everybody has read, once the channel comes live, and then each who has read further. */
  read?(read: Receipts | ReceiptUpdated): void;
  /** What the channel is to the caller, once it comes live and whenever the caller reads, marks or mutes it anywhere. */
  unread?(unread: UnreadUpdated): void;
  /** The events come no more, for now: the connection is gone. */
  stale?(): void;
  /** No more comes of this channel. */
  lost?(why: Lost): void;
}

export interface SubscriptionOptions extends SnapshotOptions {
  /**
   * The number of the last event that the application has kept from an earlier time. Then there is no first snapshot,
   * unless the relay does not have the events behind it any more.
   */
  since?: number;
  /** The oldest message that it has kept. */
  oldest?: number;
}

/** What a subscription needs of the socket that carries it. */
export interface Carrier {
  api: Api;
  environment: Environment;
  /** Asks the relay for this channel, from behind [`Subscription.since`] on. */
  ask(subscription: Subscription): void;
}

export class Subscription {
  readonly #sequence: Sequence;
  readonly #backoff: Backoff;
  #oldest: number | undefined;
  /** Where the channel stood when the relay last took the subscription on. */
  #head: number | undefined;
  #live = false;
  /** The place of a hole for which the relay was asked again. */
  #hole: number | undefined;
  /** Tells a load from those before it. */
  #load = 0;
  #ended = false;
  #cancel: (() => void) | undefined;

  constructor(
    readonly id: string,
    readonly carrier: Carrier,
    readonly handlers: ChannelHandlers,
    readonly options: SubscriptionOptions = {},
  ) {
    this.#backoff = new Backoff(carrier.environment.random);
    this.#sequence = new Sequence((event) => this.handlers.event(event));
    this.#oldest = options.oldest;
    if (options.since !== undefined) {
      this.#sequence.await(options.since);
      this.#sequence.release();
    }
  }

  /** The number of the last event that has come; `undefined` until the first snapshot is on its way. */
  get since(): number | undefined {
    return this.#sequence.last;
  }

  /** Whether a snapshot is on its way; events wait for it. */
  get isLoading(): boolean {
    return this.#sequence.awaits;
  }

  /** Begins: without a number, the snapshot says from where. */
  begin(): void {
    if (this.since === undefined) this.#reload();
  }

  /** Older messages than those that the application has, oldest first. */
  async older(limit = 50): Promise<Message[]> {
    const { messages } = await readBack(this.carrier.api, this.id, this.options, limit, 1, this.#oldest);
    this.#oldest = messages[0]?.seq ?? this.#oldest;
    return messages;
  }

  /** The application has the messages from this number on, and wants them in later snapshots. */
  keeps(oldest: number): void {
    this.#oldest = oldest;
  }

  /** Ends it: nothing is called any more. */
  end(): void {
    this.#ended = true;
    this.#cancel?.();
  }

  /** The socket has gone. */
  disconnected(): void {
    if (this.#live) this.handlers.stale?.();
    this.#live = false;
    this.#head = undefined;
  }

  take(event: ChannelEvent): void {
    if (this.#ended) return;
    if (this.#sequence.take(event) === "hole") return this.#missed(event);
    if (event.type === "channel.updated" && event.members_changed !== undefined) this.#reload(this.since);
    this.#look();
  }

  notice(notice: Notice): void {
    if (this.#ended) return;
    if (notice.type === "subscribed") {
      this.#head = notice.seq;
      this.#look();
    } else if (notice.type === "reload") {
      this.#head = notice.seq;
      this.#reload(notice.seq);
    }
  }

  moment(moment: Moment): void {
    if (this.#ended) return;
    switch (moment.type) {
      case "typing":
        return this.handlers.typing?.(moment);
      case "profile.updated":
        return this.handlers.profile?.(moment);
      case "receipts":
      case "receipt.updated":
        return this.handlers.read?.(moment);
    }
  }

  unread(unread: UnreadUpdated): void {
    if (!this.#ended) this.handlers.unread?.(unread);
  }

  lose(why: Lost): void {
    if (this.#ended) return;
    this.end();
    this.handlers.lost?.(why);
  }

  /** Begins again from nothing: the number that is held makes no sense to the relay. */
  restart(): void {
    this.#reload();
  }

  /** Asks the relay for what is missing; when that does not help, REST has it. */
  #missed(event: ChannelEvent): void {
    if (this.since === undefined) return;
    if (this.#hole === this.since) {
      // Further events from behind the hole, until the relay has begun anew.
      if (this.#head === undefined) return;
      this.#hole = undefined;
      return this.#reload(event.seq);
    }
    this.#hole = this.since;
    this.disconnected();
    this.carrier.ask(this);
  }

  #look(): void {
    if (this.#live || this.#head === undefined || this.#sequence.awaits) return;
    if ((this.since ?? -1) >= this.#head) {
      this.#live = true;
      this.handlers.live?.();
    }
  }

  /** Loads a snapshot; events up to `known` are in it whenever it is read. */
  #reload(known?: number): void {
    this.#sequence.await(known);
    this.#load += 1;
    const load = this.#load;
    this.#cancel?.();
    this.#read(known === undefined).then(
      (snapshot) => {
        if (load === this.#load && !this.#ended) this.#loaded(snapshot);
      },
      (error: unknown) => {
        if (load !== this.#load || this.#ended) return;
        if (error instanceof ProblemError && error.isFinal) {
          return this.lose(error.status === 404 ? "not_found" : error.status === 403 ? "access_lost" : "refused");
        }
        // `known` may have grown meanwhile, which does no harm: what it says is in a later snapshot, too.
        this.#cancel = this.carrier.environment.after(this.#backoff.next(), () => this.#reload(this.since));
      },
    );
  }

  #loaded(snapshot: Snapshot): void {
    this.#backoff.reset();
    const first = this.since === undefined;
    if (first) this.#sequence.await(snapshot.messages.at(-1)?.seq ?? 0);
    this.handlers.snapshot(snapshot);
    if (!this.#sequence.release()) return this.#reload(this.since);
    if (first) this.carrier.ask(this);
    this.#look();
  }

  async #read(first: boolean): Promise<Snapshot> {
    const snapshot = await readSnapshot(this.carrier.api, this.id, this.options, first ? undefined : this.#oldest);
    this.#oldest = snapshot.isComplete ? 1 : snapshot.messages[0]?.seq;
    return snapshot;
  }
}
