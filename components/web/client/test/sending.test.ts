/** What the caller sends: shown at once, in the channel once and in order, whatever fails in between. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { ChannelStore } from "../src/index.js";
import { client, memory, opened, shown, texts } from "./fake_client.js";
import { CHANNEL, FakeRelay, ME } from "./fake_relay.js";

const own = (relay: FakeRelay): string[] => relay.log.flatMap((event) => (event.type === "message.created" && event.message.sender_id === ME ? [event.message.content_preview] : []));

/** No text stands twice in what is drawn, and no key. */
function assertOnce(store: ChannelStore, hint: string): void {
  const items = shown(store);
  assert.equal(new Set(items.map(({ key }) => key)).size, items.length, hint);
  const mine = items.filter(({ message }) => message.sender_id === ME).map(({ message }) => message.content_preview);
  assert.equal(new Set(mine).size, mine.length, `${hint}: ${mine.join()}`);
}

test("whatever fails, each message is in the channel once, in the order of sending, and never drawn twice", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const relay = new FakeRelay(seed);
    const { place } = relay;
    [relay.unreached, relay.unanswered, relay.slowness] = [0.2, 0.3, 2_000];
    const store = client(relay).open(CHANNEL);
    const sent: string[] = [];
    store.subscribe(() => assertOnce(store, `seed ${seed}`));
    for (let step = 0; step < 60; step += 1) {
      const chance = place.random();
      if (chance < 0.4) {
        sent.push(`own ${sent.length}`);
        store.send({ text: sent.at(-1)! });
      } else if (chance < 0.6) relay.sends("user:bob", `of bob ${step}`);
      else if (chance < 0.72) relay.cut();
      else if (chance < 0.76) relay.forgotten = relay.log.length;
      else if (chance < 0.8) relay.down = !relay.down;
      else if (chance < 0.84) place.connect(!place.connected);
      else if (chance < 0.88) relay.faulty = !relay.faulty;
      await place.pass(place.below(1_500));
      assertOnce(store, `seed ${seed}, step ${step}`);
    }
    [relay.down, relay.faulty, relay.unreached, relay.unanswered] = [false, false, 0, 0];
    place.connect(true);
    relay.sends("user:bob", "the last");
    await place.pass(900_000);
    assert.deepEqual(own(relay), sent, `seed ${seed}`);
    assert.equal(store.status, "live");
    const wanted = [...relay.messages.values()].sort((one, other) => one.seq - other.seq).map(({ content_preview }) => content_preview);
    const drawn = texts(store);
    assert.deepEqual(drawn, wanted.slice(-drawn.length), `seed ${seed}`);
    assert.ok(shown(store).every(({ state }) => state === "sent"), `seed ${seed}`);
    assert.ok(drawn.length === wanted.length || store.hasOlder, `seed ${seed}`);
  }
});

test("it is drawn at once, and the same item becomes the message", async () => {
  const relay = new FakeRelay(1);
  const store = await opened(relay);
  relay.slowness = 1_000;
  const key = store.send({ text: "x".repeat(600), reply_to: "m0", mentions: ["user:bob"] });
  const [echo] = shown(store);
  assert.deepEqual([echo?.key, echo?.message.content_preview.length, echo?.message.truncated, echo?.message.sender_id], [key, 500, true, ME]);
  assert.equal(echo?.message.reply_to, "m0");
  await relay.place.pass(60_000);
  const [item, ...others] = shown(store);
  assert.deepEqual([item?.key, item?.state, item?.message.id, others.length], [key, "sent", "m1", 0]);
});

test("the event may come before the response, and the response before the event", async () => {
  for (const [slowness, faulty] of [[5_000, false], [0, true]] as const) {
    const relay = new FakeRelay(2);
    const store = await opened(relay);
    relay.slowness = slowness;
    if (faulty) relay.cut();
    store.send({ text: "once" });
    for (let n = 0; n < 200; n += 1) {
      await relay.place.pass(50);
      assert.equal(texts(store).length, 1);
    }
    assert.deepEqual([own(relay), shown(store)[0]?.state], [["once"], "sent"]);
  }
});

test("what is refused has failed, and what is behind it goes on; it is sent again or dropped", async () => {
  const relay = new FakeRelay(3);
  const store = await opened(relay);
  const refusal = { status: 422, headers: { "Content-Type": "application/problem+json" } };
  relay.responds = (_, { method, body }) =>
    method === "POST" && String(body).includes("bad") ? new Response(JSON.stringify({ code: "invalid", detail: "no" }), refusal) : undefined;
  const keys = ["bad 1", "good", "bad 2"].map((text) => store.send({ text }));
  await relay.place.pass(10_000);
  assert.deepEqual(texts(store), ["good", "bad 1", "bad 2"]);
  assert.deepEqual(shown(store)[1]?.failure, { code: "invalid", detail: "no" });
  relay.responds = () => undefined;
  store.resend(keys[0]!);
  assert.ok(store.drop(keys[2]!));
  await relay.place.pass(10_000);
  assert.deepEqual([texts(store), own(relay)], [["good", "bad 1"], ["good", "bad 1"]]);
});

test("a service that fails by itself is not asked for ever", async () => {
  const relay = new FakeRelay(4);
  const store = await opened(relay);
  let asked = 0;
  relay.responds = (_, { method }) => {
    if (method !== "POST") return undefined;
    asked += 1;
    return new Response(JSON.stringify({ code: "internal", detail: "no" }), { status: 500 });
  };
  store.send({ text: "x" });
  await relay.place.pass(600_000);
  assert.deepEqual([asked, shown(store)[0]?.state], [5, "failed"]);
});

test("a wait that is asked for is the wait, and the order stays", async () => {
  const relay = new FakeRelay(5);
  const store = await opened(relay);
  const at: number[] = [];
  relay.responds = (_, { method }) => {
    if (method !== "POST") return undefined;
    at.push(relay.place.time);
    return at.length === 1 ? new Response("{}", { status: 429, headers: { "Retry-After": "90" } }) : undefined;
  };
  store.send({ text: "1" });
  store.send({ text: "2" });
  await relay.place.pass(200_000);
  assert.ok(at[1]! - at[0]! >= 90_000);
  assert.deepEqual(own(relay), ["1", "2"]);
});

test("without a network it waits, and what is on its way cannot be dropped", async () => {
  const relay = new FakeRelay(6);
  const store = await opened(relay);
  relay.place.connect(false);
  const key = store.send({ text: "later" });
  await relay.place.pass(3_600_000);
  assert.deepEqual([own(relay), shown(store)[0]?.state, store.status], [[], "waiting", "stale"]);
  relay.slowness = 500;
  relay.place.connect(true);
  await relay.place.pass(1);
  assert.equal(store.drop(key), false);
  await relay.place.pass(60_000);
  assert.deepEqual([own(relay), texts(store)], [["later"], ["later"]]);
});

test("what was not confirmed outlives the program, and is not doubled", async () => {
  for (const isTaken of [true, false]) {
    const relay = new FakeRelay(7);
    [relay.unreached, relay.unanswered] = isTaken ? [0, 1] : [1, 0];
    const storage = memory();
    const before = client(relay, storage);
    const first = before.open(CHANNEL);
    const keys = ["1", "2", "3"].map((text) => first.send({ text }));
    await relay.place.pass(200);
    before.close();
    assert.equal(own(relay).length, Number(isTaken));
    assert.equal(storage.kept.size, 3);
    [relay.unreached, relay.unanswered] = [0, 0];
    const store = client(relay, storage).open(CHANNEL);
    await relay.place.pass(60_000);
    assert.deepEqual([own(relay), texts(store)], [["1", "2", "3"], ["1", "2", "3"]]);
    // The first of them is found in the snapshot, or sent: it is the same item all the same.
    assert.deepEqual(shown(store).map(({ key }) => key), keys);
    assert.equal(storage.kept.size, 0);
  }
});

test("a storage that fails harms nothing", async () => {
  const relay = new FakeRelay(8);
  relay.unreached = 0;
  const fail = (): never => {
    throw new Error("full");
  };
  const store = client(relay, { all: fail, put: fail, delete: fail }).open(CHANNEL);
  store.send({ text: "x" });
  await relay.place.pass(10_000);
  assert.deepEqual(own(relay), ["x"]);
});

test("what cannot be read of what was kept harms none of the rest", async () => {
  const relay = new FakeRelay(12);
  relay.unreached = 0;
  const storage = memory();
  const kept = { key: "00000000-0000-4000-8000-00000000000a", channel: CHANNEL, body: { text: "kept" }, at: 1, state: "waiting" };
  const broken = ["{", "null", '"x"', "{}", JSON.stringify({ ...kept, body: undefined }), JSON.stringify({ ...kept, at: "x" })];
  [...broken, JSON.stringify(kept)].forEach((text, n) => storage.kept.set(`${n}`, text));
  const store = client(relay, storage).open(CHANNEL);
  await relay.place.pass(5_000);
  assert.deepEqual([texts(store), own(relay)], [["kept"], ["kept"]]);
});
