/** The client of whoever has signed in, and what it hears. */

import { signal } from "@preact/signals";
import { Core } from "../../../client/src/options";
import { Outbox } from "../../../client/src/store/outbox";
import { webStorage } from "../../../client/src/store/storage";
import type { ChannelEvent, Personal } from "../../../client/src/stream/frames";
import type { Status } from "../../../client/src/stream/link";
import { MessagingStream } from "../../../client/src/stream/stream";
import type { Subscription } from "../../../client/src/stream/subscription";
import * as channels from "./channels";
import * as media from "./media";
import { learn } from "./names";
import { room } from "./rooms";
import { type Config, type Session, signOut } from "./session";
import type { Channel, Member, Message } from "./types";

export const status = signal<Status>("connecting");

/** The relay's bound for one socket, with some room for channels that are opened. */
const FOLLOWED = 900;

class Service {
  readonly core: Core;
  readonly outbox: Outbox;
  readonly stream: MessagingStream;
  readonly #followed = new Map<string, Subscription>();

  constructor(session: Session, config: Config) {
    const { token } = session;
    const relay = config.ws_url === "" ? location.origin.replace(/^http/, "ws") : config.ws_url;
    const caller = token === undefined ? { developmentUser: session.id } : { token };
    const options = { api: location.origin, relay, ...caller };
    this.core = new Core(options);
    this.outbox = new Outbox(this.core, webStorage(sessionStorage, `unsent ${session.id} `));
    const heard = { status: (now: Status) => void (status.value = now), personal: (what: Personal) => this.#personal(what) };
    this.stream = new MessagingStream({ ...options, ...heard }, this.core);
  }

  async begin(): Promise<void> {
    media.use(this.core.media);
    this.stream.connect();
    for (const row of (await channels.load()).slice(0, FOLLOWED)) this.follow(row);
  }

  close(): void {
    this.stream.close();
    this.outbox.close();
    media.use(undefined);
  }

  /** Hears what happens in a channel from where its row stands. */
  follow(row: Channel): void {
    if (this.#followed.has(row.id) || row.last_seq == null) return;
    const id = row.id;
    const subscription = this.stream.follow(
      id,
      {
        snapshot: () => void Promise.all([channels.refresh(id), room(id)?.reload()]),
        event: (event) => this.#event(event),
        typing: (typing) => room(id)?.moment(typing),
        read: (read) => room(id)?.moment(read),
        unread: (unread) => channels.read(unread),
        profile: ({ member_id, display_name, avatar_url }) => learn(member_id, display_name, avatar_url),
        lost: () => {
          this.#followed.delete(id);
          void channels.refresh(id);
        },
      },
      { since: row.last_seq },
    );
    this.#followed.set(id, subscription);
  }

  unfollow(id: string): void {
    const subscription = this.#followed.get(id);
    if (subscription === undefined) return;
    this.#followed.delete(id);
    this.stream.unfollow(subscription);
  }

  #event(event: ChannelEvent): void {
    const open = room(event.channel_id);
    if ("message" in event) {
      this.outbox.confirm(event.message as Message);
      if (event.type === "message.created") channels.came(event.message as Message, event.seq, open?.isSeen.peek() === true);
      else channels.changed(event.message as Message);
    }
    if ("member" in event) channels.became(event.member as Member);
    if (event.type === "channel.updated" || event.type === "channel.archived") channels.put(event.channel as Channel);
    open?.event(event);
  }

  /** Of whatever channel: one that is new to the caller is followed from now on. */
  #personal(what: Personal): void {
    if (what.type === "unread.updated") return channels.read(what);
    void channels.refresh(what.channel_id).then((row) => {
      if (row !== undefined && channels.isJoined(row)) this.follow(row);
    });
  }
}

let running: Service | undefined;

export function start(session: Session, config: Config): Promise<void> {
  stop();
  running = new Service(session, config);
  return running.begin().catch((error: unknown) => {
    if ((error as { status?: number }).status === 401) return signOut("ended");
    throw error;
  });
}

export function stop(): void {
  running?.close();
  running = undefined;
  channels.clear();
}

/** Only what is drawn for somebody who has signed in asks for it. */
export function service(): Service {
  if (running === undefined) throw new Error("nobody has signed in");
  return running;
}
