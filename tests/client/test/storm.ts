/**
 * `node storm.js '<setup>'`: thousands of clients with a socket each in one process. It reads commands, one a line, and
 * answers each with a line of JSON:
 *
 * - `report`: how many are live, and what they got;
 * - `cut`: ends every socket at once, as a network that fails; the clients come back.
 */

import { createInterface } from "node:readline";

import { ChannelClient, type ChannelEvent, type Socket } from "../src/index.js";
import { open } from "./node_socket.js";

interface Setup {
  relay: string;
  /** Who calls; in development mode. */
  user: string;
  clients: number;
  /** Spread evenly over the clients, each with the number from which on it is followed. */
  channels: { id: string; since: number }[];
  /** Whether the clients wait a random while before they come back; otherwise all come at once. */
  patient: boolean;
}

const setup = JSON.parse(process.argv[2] ?? "") as Setup;
const sockets = new Set<Socket & { terminate?(): void }>();
let opened = 0;

class Follower {
  isLive = false;
  last: number;
  events = 0;
  repeated = 0;
  snapshots = 0;

  constructor(since: number) {
    this.last = since;
  }

  event(event: ChannelEvent): void {
    if (event.seq !== this.last + 1) this.repeated += 1;
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

const followers = Array.from({ length: setup.clients }, (_, n) => {
  const channel = setup.channels[n % setup.channels.length];
  if (channel === undefined) throw new Error("there are no channels");
  const follower = new Follower(channel.since);
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
  const options = { relay: setup.relay, api: "http://127.0.0.1:1", developmentUser: setup.user, status, environment };
  new ChannelClient(options, channel.id, follower, { since: channel.since });
  return follower;
});

function report(): unknown {
  const count = (number: (follower: Follower) => number): number => followers.reduce((sum, one) => sum + number(one), 0);
  const last: Record<string, [number, number]> = {};
  followers.forEach(({ last: seq }, n) => {
    const id = setup.channels[n % setup.channels.length]?.id ?? "";
    const [least, most] = last[id] ?? [seq, seq];
    last[id] = [Math.min(least, seq), Math.max(most, seq)];
  });
  return {
    live: count(({ isLive }) => Number(isLive)),
    opened,
    events: count(({ events }) => events),
    wrong: count(({ repeated }) => repeated),
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

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => console.log(JSON.stringify(line === "cut" ? cut() : report())));
lines.on("close", () => process.exit(0));
