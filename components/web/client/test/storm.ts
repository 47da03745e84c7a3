/**
 * Thousands of clients with a socket each in one process. Of the lines that it reads
 *
 * - `report` asks how many are live, and what they got;
 * - `cut` ends every socket at once, as a network that fails; the clients come back.
 */

import { ChannelStream } from "../src/channel.js";
import type { ChannelEvent, Socket } from "../src/index.js";
import { open } from "./node_socket.js";
import { program } from "./program.js";

interface Setup {
  relay: string;
  /** The clients call as this user and a number; in development mode. */
  user: string;
  clients: number;
  /** Spread evenly over the clients, each with the number from behind which it is followed. */
  channels: { id: string; since: number }[];
  /** Whether the clients wait a random while before they come back; otherwise all come at once. */
  patient: boolean;
}

class Follower {
  isLive = false;
  last: number;
  events = 0;
  /** Events that did not come in their turn. */
  wrong = 0;
  snapshots = 0;

  constructor(
    readonly channel: string,
    since: number,
  ) {
    this.last = since;
  }

  event(event: ChannelEvent): void {
    if (event.seq !== this.last + 1) this.wrong += 1;
    this.last = event.seq;
    this.events += 1;
  }

  snapshot(): void {
    this.snapshots += 1;
  }

  live(): void {
    this.isLive = true;
  }
}

program<Setup>((setup) => {
  const sockets = new Set<Socket & { terminate?(): void }>();
  let opened = 0;
  const followers = Array.from({ length: setup.clients }, (_, n) => {
    const channel = setup.channels[n % setup.channels.length];
    if (channel === undefined) throw new Error("there are no channels");
    const follower = new Follower(channel.id, channel.since);
    const environment = {
      open: (address: string, protocols: string[]) => {
        const socket = open(address, protocols);
        sockets.add(socket);
        return socket;
      },
      ...(setup.patient ? {} : { random: () => 0 }),
    };
    const status = (status: string): void => {
      if (status === "open") opened += 1;
      else follower.isLive = false;
    };
    // Nobody may be asked for a snapshot.
    const [relay, api] = [setup.relay, "http://127.0.0.1:1"];
    const options = { relay, api, developmentUser: `${setup.user}-${n}`, status, environment };
    new ChannelStream(options, channel.id, follower, { since: channel.since });
    return follower;
  });

  function report(): unknown {
    const count = (number: (one: Follower) => number): number => followers.reduce((sum, one) => sum + number(one), 0);
    // Of each channel the least and the most that a client has.
    const last: Record<string, [number, number]> = {};
    for (const { channel, last: seq } of followers) {
      const [least, most] = last[channel] ?? [seq, seq];
      last[channel] = [Math.min(least, seq), Math.max(most, seq)];
    }
    return {
      live: count(({ isLive }) => Number(isLive)),
      opened,
      events: count(({ events }) => events),
      wrong: count(({ wrong }) => wrong),
      snapshots: count(({ snapshots }) => snapshots),
      last,
    };
  }

  function cut(): unknown {
    const cut = [...sockets];
    sockets.clear();
    for (const socket of cut) socket.terminate?.();
    return { cut: cut.length };
  }

  return (line) => (line === "cut" ? cut() : report());
});
