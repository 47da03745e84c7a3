/** What the relay sends is known here: every message of the AsyncAPI document that comes on a socket. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ChannelStream } from "../src/channel.js";
import { MessagingStream } from "../src/index.js";
import { type Received, read } from "../src/stream/frames.js";
import { document } from "./contract.js";
import { CHANNEL, FakeRelay } from "./fake_relay.js";

interface Contract {
  channels: Record<string, { address: string }>;
  operations: Record<string, { action: string; channel: { $ref: string }; messages: { $ref: string }[] }>;
  components: { messages: Record<string, { examples: { payload: unknown }[] }> };
}

const last = (reference: string): string => reference.split("/").at(-1) ?? "";

/** The names of what comes on sockets. */
function sent({ channels, operations }: Contract): Set<string> {
  const ofSockets = Object.values(operations).filter(({ action, channel }) => {
    const address = channels[last(channel.$ref)]?.address ?? "";
    return action === "send" && address.startsWith("/ws/");
  });
  return new Set(ofSockets.flatMap(({ messages }) => messages.map(({ $ref }) => last($ref))));
}

const KINDS: ReadonlySet<Received["kind"]> = new Set<Received["kind"]>(["event", "notice", "moment", "personal"]);

test("every frame that the document names is known", () => {
  const contract = document("asyncapi") as Contract;
  const names = sent(contract);
  assert.ok(names.size > 20 && names.has("profile.updated") && names.has("membership"), [...names].join());
  for (const name of names) {
    const examples = contract.components.messages[name]?.examples ?? [];
    assert.ok(examples.length > 0, `${name} has no example`);
    for (const { payload } of examples) {
      const what = read(JSON.stringify(payload));
      assert.ok(KINDS.has(what.kind), `${name} is ${what.kind}`);
      if (what.kind === "event") assert.equal(what.event.type, name);
    }
  }
});

test("what is of a newer kind is handed on as it is", () => {
  const newer = { type: "whiteboard.opened", channel_id: "c", seq: 7 };
  assert.deepEqual(read(JSON.stringify(newer)), { kind: "event", event: { ...newer, type: "newer", name: newer.type } });
  const other = { type: "whiteboard", channel_id: "c" };
  assert.deepEqual(read(JSON.stringify(other)), { kind: "other", frame: other });
});

for (const kind of ["one channel", "many channels"] as const) {
  test(`${kind}: each frame comes to whom it is for`, async () => {
    const relay = new FakeRelay(1);
    const told: string[] = [];
    const options = {
      relay: "ws://relay.test",
      api: "http://api.test",
      environment: relay.place,
      personal: ({ type }: { type: string }) => void told.push(`personal ${type}`),
      other: ({ type }: { type: string }) => void told.push(`other ${type}`),
    };
    const handlers = {
      snapshot: () => undefined,
      event: () => undefined,
      typing: () => void told.push("typing"),
      profile: () => void told.push("profile"),
      read: ({ type }: { type: string }) => void told.push(`read ${type}`),
    };
    if (kind === "one channel") new ChannelStream(options, CHANNEL, handlers, { since: 0 });
    else new MessagingStream(options).follow(CHANNEL, handlers, { since: 0 });
    await relay.place.pass(1_000);
    const types = ["typing", "profile.updated", "receipts", "receipt.updated", "unread.updated", "membership", "whiteboard"];
    for (const type of types) relay.place.socket.says({ type, channel_id: CHANNEL });
    // Of a channel that is not followed only what is the caller's own.
    if (kind === "many channels") {
      for (const type of types.slice(0, 5)) relay.place.socket.says({ type, channel_id: "another" });
    }
    assert.deepEqual(told, [
      "typing",
      "profile",
      "read receipts",
      "read receipt.updated",
      "personal unread.updated",
      "personal membership",
      "other whiteboard",
      ...(kind === "many channels" ? ["personal unread.updated"] : []),
    ]);
  });
}
