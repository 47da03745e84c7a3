/** Follows channels of a real deployment with the client, and keeps what it was told. In a browser and in Node. */

import { ChannelStream } from "../src/channel.js";
import {
  type ChannelEvent,
  type Environment,
  type Message,
  MessagingStream,
  type Snapshot,
  type Subscription,
} from "../src/index.js";
import { ChannelView } from "./view.js";

export interface Setup {
  relay: string;
  api: string;
  /** Answers with a token. */
  tokens: string;
  /** Whether each channel has a socket, or all have one. */
  kind: "one" | "many";
  channels: string[];
}

export interface Report {
  /** The number up to which everything is shown. */
  position: number | null;
  /** The numbers of the events, a list for each time between two snapshots. */
  pieces: number[][];
  lost: string | null;
  name: string | null;
  messages: Message[];
  /** Role by member. */
  members: Record<string, string>;
  /** Reactors by emoji by message; without those that nobody has reacted to. */
  reactions: Record<string, Record<string, string[]>>;
}

class RecordedView extends ChannelView {
  readonly pieces: number[][] = [[]];
  why: string | null = null;

  override snapshot(snapshot: Snapshot): void {
    super.snapshot(snapshot);
    this.pieces.push([]);
  }

  override event(event: ChannelEvent): void {
    super.event(event);
    this.pieces.at(-1)?.push(event.seq);
  }

  lost(why: string): void {
    this.why = why;
  }

  report(subscription: Subscription): Report {
    const sorted = (emojis: Map<string, Set<string>>): Record<string, string[]> =>
      Object.fromEntries([...emojis].map(([emoji, reactors]) => [emoji, [...reactors].sort()]));
    return {
      position: subscription.isLoading ? null : (subscription.since ?? null),
      pieces: this.pieces,
      lost: this.why,
      name: this.channel?.name ?? null,
      messages: this.messages,
      members: Object.fromEntries([...this.members.values()].map((member) => [member.member_id, member.role])),
      reactions: Object.fromEntries(
        [...this.reactions].filter(([, emojis]) => emojis.size > 0).map(([message, emojis]) => [message, sorted(emojis)]),
      ),
    };
  }
}

export class Recorder {
  readonly #followed: [RecordedView, Subscription][] = [];
  #sockets = 0;
  #tokens = 0;

  constructor(setup: Setup, environment: Partial<Environment> = {}) {
    const options = {
      relay: setup.relay,
      api: setup.api,
      token: async () => {
        this.#tokens += 1;
        return (await fetch(setup.tokens)).text();
      },
      status: (status: string) => {
        if (status === "open") this.#sockets += 1;
      },
      environment,
    };
    const many = setup.kind === "many" ? new MessagingStream(options) : undefined;
    for (const channel of setup.channels) {
      const view = new RecordedView();
      const wanted = { messages: 200, reactions: true };
      const subscription =
        many?.follow(channel, view, wanted) ?? new ChannelStream(options, channel, view, wanted).subscription;
      this.#followed.push([view, subscription]);
    }
  }

  /** What there is by now. */
  report(): { sockets: number; tokens: number; channels: Record<string, Report> } {
    const channels = Object.fromEntries(this.#followed.map(([view, one]) => [one.id, view.report(one)]));
    return { sockets: this.#sockets, tokens: this.#tokens, channels };
  }
}
