/** What the application is told: every event once and in order, or a snapshot that makes up for what is missing. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ChannelStream } from "../src/channel.js";
import { type ChannelEvent, MessagingStream, type Snapshot } from "../src/index.js";
import { CHANNEL, FakeRelay } from "./fake_relay.js";
import { ChannelView } from "./view.js";

/** A view, and what has come to it since its last snapshot. */
class Recorded extends ChannelView {
  seqs: number[] = [];
  snapshots = 0;
  lives = 0;

  override snapshot(snapshot: Snapshot): void {
    super.snapshot(snapshot);
    this.snapshots += 1;
    this.seqs = [];
  }

  override event(event: ChannelEvent): void {
    super.event(event);
    const last = this.seqs.at(-1);
    assert.ok(last === undefined || event.seq === last + 1, `${event.seq} after ${last}`);
    this.seqs.push(event.seq);
  }

  live(): void {
    this.lives += 1;
  }
}

type Kind = "one channel" | "many channels";

function follow(relay: FakeRelay, kind: Kind, view: Recorded, since?: number): { close(): void } {
  const options = { relay: "ws://relay.test", api: "http://api.test", environment: relay.place };
  const subscribed = { messages: 200, ...(since === undefined ? {} : { since }) };
  if (kind === "one channel") return new ChannelStream(options, CHANNEL, view, subscribed);
  const client = new MessagingStream(options);
  client.follow(CHANNEL, view, subscribed);
  return client;
}

function assertSame(relay: FakeRelay, view: ChannelView, hint: string): void {
  const wanted = [...relay.messages.values()].sort((one, other) => one.seq - other.seq);
  // Pages have reactions, and events have not.
  const shown = view.messages.map(({ reactions: _, ...message }) => message);
  assert.deepEqual(shown, wanted, hint);
}

for (const kind of ["one channel", "many channels"] as const) {
  test(`${kind}: whatever the network does, the view ends as the channel is`, async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const relay = new FakeRelay(seed);
      const { place } = relay;
      for (let n = place.below(30); n > 0; n -= 1) relay.happens();
      const view = new Recorded();
      follow(relay, kind, view);
      for (let step = 0; step < 60; step += 1) {
        const chance = place.random();
        if (chance < 0.7) relay.happens();
        else if (chance < 0.8) relay.cut();
        else if (chance < 0.84) relay.forgotten = relay.log.length - place.below(5);
        else if (chance < 0.88) relay.down = !relay.down;
        else if (chance < 0.92) relay.faulty = !relay.faulty;
        await place.pass(place.below(400));
      }
      [relay.down, relay.faulty] = [false, false];
      relay.happens();
      await place.pass(120_000);
      relay.happens();
      await place.pass(120_000);
      assertSame(relay, view, `seed ${seed}`);
      assert.equal(view.seqs.at(-1) ?? relay.log.length, relay.log.length, `seed ${seed}`);
      assert.ok(view.lives > 0 && view.snapshots > 0);
    }
  });

  test(`${kind}: a client that comes back gets every event and needs no snapshot`, async () => {
    const relay = new FakeRelay(3);
    for (let n = 0; n < 20; n += 1) relay.happens();
    const view = new Recorded();
    follow(relay, kind, view, 0);
    for (let n = 0; n < 40; n += 1) {
      relay.happens();
      if (n % 7 === 0) relay.cut();
      await relay.place.pass(100);
    }
    await relay.place.pass(60_000);
    assert.equal(view.snapshots, 0);
    assert.deepEqual(view.seqs, Array.from({ length: 60 }, (_, n) => n + 1));
    assertSame(relay, view, "");
  });

  test(`${kind}: a number that the relay does not keep any more brings a snapshot`, async () => {
    const relay = new FakeRelay(4);
    for (let n = 0; n < 20; n += 1) relay.happens();
    relay.forgotten = 10;
    const view = new Recorded();
    follow(relay, kind, view, 3);
    await relay.place.pass(60_000);
    assert.equal(view.snapshots, 1);
    relay.happens();
    await relay.place.pass(1_000);
    assert.deepEqual(view.seqs, [21]);
    assertSame(relay, view, "");
  });

  test(`${kind}: a hole is asked for again, and read over REST when that does not help`, async () => {
    const relay = new FakeRelay(5);
    for (let n = 0; n < 5; n += 1) relay.happens();
    const view = new Recorded();
    follow(relay, kind, view, 5);
    await relay.place.pass(1_000);
    const sockets = relay.place.sockets.length;
    relay.place.socket.says({ ...relay.log[4]!, seq: 8 });
    await relay.place.pass(1_000);
    const asked = kind === "one channel" ? relay.place.sockets.length - sockets : relay.place.socket.sent.length - 1;
    assert.equal(asked, 1);
    assert.equal(view.snapshots, 0);
    relay.place.socket.says({ ...relay.log[4]!, seq: 8 });
    await relay.place.pass(1_000);
    assert.equal(view.snapshots, 1);
  });
}

test("many channels: a channel that is lost is told, and is not asked for again", async () => {
  const relay = new FakeRelay(6);
  relay.happens();
  const lost: string[] = [];
  const client = new MessagingStream({ relay: "ws://r.test", api: "http://a.test", environment: relay.place });
  const handlers = { snapshot: () => undefined, event: () => undefined, lost: (why: string) => lost.push(why) };
  client.follow(CHANNEL, handlers, { since: 1 });
  await relay.place.pass(1_000);
  relay.place.socket.says({ type: "error", channel_id: CHANNEL, code: "unavailable" });
  const asked = relay.place.socket.sent.length;
  await relay.place.pass(5_000);
  assert.equal(relay.place.socket.sent.length, asked + 1);
  relay.place.socket.says({ type: "error", channel_id: CHANNEL, code: "access_lost" });
  assert.deepEqual(lost, ["access_lost"]);
  relay.cut();
  await relay.place.pass(60_000);
  assert.deepEqual(relay.place.socket.sent.filter((text) => text.includes("subscribe")), []);
});

test("many channels: frames that are not understood harm nothing", async () => {
  const relay = new FakeRelay(7);
  const view = new Recorded();
  const other: string[] = [];
  const client = new MessagingStream({
    relay: "ws://r.test",
    api: "http://a.test",
    other: ({ type }) => other.push(type),
    environment: relay.place,
  });
  client.follow(CHANNEL, view, { since: 0 });
  await relay.place.pass(1_000);
  for (const frame of ["", "x", "[]", "null", "1", {}, { type: 1 }, { type: "whiteboard", channel_id: CHANNEL, seq: 9 }]) {
    relay.place.socket.says(frame);
  }
  relay.place.socket.says({ type: "pin.added", channel_id: CHANNEL, seq: 1, event_id: "e" });
  assert.deepEqual(other, ["whiteboard"]);
  assert.deepEqual(view.seqs, [1]);
});
