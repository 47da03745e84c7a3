/** A channel as it is drawn: what the index has, in order, with gaps where something was not read. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { ChannelStore, GapItem, Message } from "../src/index.js";
import { client, opened, shown, texts } from "./fake_client.js";
import { CHANNEL, FakeRelay, ME } from "./fake_relay.js";

const sorted = (relay: FakeRelay): Message[] => [...relay.messages.values()].sort((one, other) => one.seq - other.seq);

/** What is drawn is what the index has between the gaps, whole. */
function assertTrue(relay: FakeRelay, store: ChannelStore, hint: string): void {
  let seq = 0;
  const wanted = sorted(relay).map((message) => relay.row(message));
  const drawn: Message[] = [];
  for (const item of store.items) {
    const at = item.kind === "gap" ? item.gap.after : item.message.seq;
    assert.ok(at >= seq, `${hint}: order`);
    seq = item.kind === "gap" ? item.gap.before - 1 : at;
    if (item.kind === "message") drawn.push(item.message);
  }
  const gaps = store.items.filter((item): item is GapItem => item.kind === "gap").map(({ gap }) => gap);
  const known = wanted.filter((message) => gaps.every(({ after, before }) => message.seq <= after || message.seq >= before));
  // Of a message in a gap nothing is drawn, and everything else is.
  const inOrder = (counts: Message): Message => ({ ...counts, reactions: [...(counts.reactions ?? [])].sort((one, other) => one.emoji.localeCompare(other.emoji)) });
  assert.deepEqual(drawn.map(inOrder), known.map(inOrder), hint);
}

test("whatever happens and is read meanwhile, the channel is drawn as the index has it", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const relay = new FakeRelay(seed);
    const { place } = relay;
    relay.slowness = 300;
    for (let n = 0; n < 150; n += 1) relay.happens();
    const store = client(relay).open(CHANNEL, { messages: 20, keep: 60 });
    const calls: Promise<unknown>[] = [];
    const failed = (): void => undefined;
    for (let step = 0; step < 120; step += 1) {
      const chance = place.random();
      const some = sorted(relay)[place.below(relay.messages.size)]!;
      const gap = store.items.filter((item): item is GapItem => item.kind === "gap").at(place.below(2));
      if (chance < 0.3) relay.happens();
      else if (chance < 0.5) relay.reacts(some.id, ["👍", "🎉", "👋"][place.below(3)]!, `user:${place.below(4)}`, place.random() < 0.6);
      else if (chance < 0.6) calls.push(store.older(10).catch(failed));
      else if (chance < 0.7) calls.push(store.around(place.random() < 0.5 ? some.id : some.seq, 5).catch(failed));
      else if (chance < 0.8 && gap !== undefined) calls.push(store.fill(gap.gap, place.random() < 0.5 ? "oldest" : "newest", 8).catch(failed));
      else if (chance < 0.86) relay.cut();
      else if (chance < 0.88) relay.forgotten = relay.log.length - place.below(4);
      else if (chance < 0.9) relay.faulty = !relay.faulty;
      await place.pass(place.below(300));
    }
    [relay.faulty, relay.unreached] = [false, 0];
    relay.sends("user:bob", "the last");
    await place.pass(400_000);
    await Promise.all(calls);
    assert.equal(store.status, "live");
    assertTrue(relay, store, `seed ${seed}`);
    while (store.items.some(({ kind }) => kind === "gap")) {
      const gap = store.items.find((item): item is GapItem => item.kind === "gap")!;
      const filled = store.fill(gap.gap, place.random() < 0.5 ? "oldest" : "newest", 20);
      await place.pass(10_000);
      await filled;
    }
    assertTrue(relay, store, `seed ${seed}, whole`);
    assert.equal(shown(store).length, relay.messages.size);
  }
});

test("older messages come page by page, to the beginning, and a later snapshot keeps them", async () => {
  const relay = new FakeRelay(1);
  for (let n = 1; n <= 120; n += 1) relay.sends("user:bob", `${n}`);
  const store = await opened(relay, { messages: 20 });
  assert.deepEqual([shown(store).length, store.hasOlder, store.items[0]?.kind], [20, true, "gap"]);
  const read = store.older(30);
  assert.ok(store.isReading);
  await relay.place.pass(10);
  await read;
  assert.equal(shown(store).length, 50);
  relay.forgotten = relay.log.length;
  relay.cut();
  relay.sends("user:bob", "121");
  await relay.place.pass(60_000);
  assert.deepEqual([texts(store)[0], texts(store).at(-1), shown(store).length], ["71", "121", 51]);
  for (const _ of [1, 2]) {
    const more = store.older(50);
    await relay.place.pass(10);
    await more;
  }
  assert.deepEqual([texts(store)[0], store.hasOlder, shown(store).length], ["1", false, 121]);
});

test("a message far above is jumped to, and the gap is filled from both ends", async () => {
  const relay = new FakeRelay(2);
  for (let n = 1; n <= 200; n += 1) relay.sends("user:bob", `${n}`);
  const store = await opened(relay, { messages: 20 });
  const jump = async (at: string | number): Promise<Message | undefined> => {
    const found = store.around(at, 10);
    await relay.place.pass(10);
    return found;
  };
  assert.equal((await jump("m50"))?.content_preview, "50");
  assert.deepEqual([texts(store)[0], texts(store).slice(0, 20).at(-1)], ["40", "59"]);
  const gaps = store.items.filter((item): item is GapItem => item.kind === "gap").map(({ gap }) => gap);
  assert.deepEqual(gaps, [{ after: 0, before: 40 }, { after: 59, before: 181 }]);
  for (const [end, limit] of [["newest", 50], ["oldest", 200]] as const) {
    const gap = store.items.filter((item): item is GapItem => item.kind === "gap").at(-1)!;
    const read = store.fill(gap.gap, end, limit);
    await relay.place.pass(10);
    await read;
  }
  assert.deepEqual(texts(store), Array.from({ length: 161 }, (_, n) => `${n + 40}`));
  // What is there already is not read again, and what never was is not found.
  assert.equal((await store.around("m100"))?.content_preview, "100");
  assert.equal((await jump(500)), undefined);
});

test("items of what has not changed are the same, and listeners hear once of what happens together", async () => {
  const relay = new FakeRelay(3);
  for (let n = 1; n <= 10; n += 1) relay.sends("user:bob", `${n}`);
  const store = await opened(relay);
  const before = store.items;
  let calls = 0;
  const end = store.subscribe(() => (calls += 1));
  assert.equal(store.items, before);
  relay.reacts("m5", "👍", "user:bob");
  await relay.place.pass(1_000);
  const changed = store.items.map((item, n) => item !== before[n]);
  assert.deepEqual(changed.flatMap((is, n) => (is ? [n] : [])), [4]);
  assert.equal(calls, 1);
  end();
  relay.sends("user:bob", "11");
  await relay.place.pass(1_000);
  assert.equal(calls, 1);
});

test("an own reaction shows at once, is counted once, and goes when it is refused", async () => {
  const relay = new FakeRelay(4);
  relay.sends("user:bob", "1");
  relay.reacts("m1", "👍", "user:bob");
  const store = await opened(relay);
  relay.responds = ({ pathname }, { method }) => {
    if (method !== "PUT") return undefined;
    if (pathname.endsWith(encodeURIComponent("🚫"))) return new Response("{}", { status: 403 });
    relay.reacts("m1", "👍", ME);
    return new Response(null, { status: 204 });
  };
  const counts = (): unknown => store.message("m1")?.reactions;
  const reacting = store.react("m1", "👍\ufe0f");
  assert.deepEqual(counts(), [{ emoji: "👍", count: 2, reacted: true }]);
  await relay.place.pass(5_000);
  await reacting;
  assert.deepEqual(counts(), [{ emoji: "👍", count: 2, reacted: true }]);
  const refused = store.react("m1", "🚫").catch((error: unknown) => error);
  assert.equal(store.message("m1")?.reactions?.length, 2);
  await relay.place.pass(5_000);
  assert.ok((await refused) instanceof Error);
  assert.deepEqual(counts(), [{ emoji: "👍", count: 2, reacted: true }]);
});

test("a reaction to a message of a page is read where nobody can tell whether the page has it", async () => {
  const relay = new FakeRelay(5);
  for (let n = 1; n <= 100; n += 1) relay.sends("user:bob", `${n}`);
  const store = await opened(relay, { messages: 10 });
  const read = store.older(50);
  await relay.place.pass(10);
  await read;
  let asked = 0;
  relay.responds = ({ pathname }) => void (asked += Number(pathname.endsWith("/reactions")));
  for (const [id, emoji, who] of [["m60", "👍", "user:a"], ["m60", "👍", "user:b"], ["m95", "👍", "user:a"]] as const) {
    relay.reacts(id, emoji, who);
    await relay.place.pass(1_000);
  }
  assert.deepEqual(["m60", "m95"].map((id) => store.message(id)?.reactions?.[0]?.count), [2, 1]);
  assert.equal(asked, 1);
});

test("a channel that is lost says why, and stays as it was", async () => {
  const relay = new FakeRelay(6);
  relay.sends("user:bob", "1");
  const store = await opened(relay);
  relay.place.socket.says({ type: "error", channel_id: CHANNEL, code: "access_lost" });
  relay.sends("user:bob", "2");
  await relay.place.pass(60_000);
  assert.deepEqual([store.status, store.why, texts(store)], ["lost", "access_lost", ["1"]]);
});

test("a channel that is opened twice is followed until it is closed twice", async () => {
  const relay = new FakeRelay(7);
  relay.unreached = 0;
  const one = client(relay);
  const store = one.open(CHANNEL);
  assert.equal(one.open(CHANNEL), store);
  await relay.place.pass(1_000);
  store.close();
  relay.sends("user:bob", "1");
  await relay.place.pass(1_000);
  assert.deepEqual(texts(store), ["1"]);
  store.close();
  relay.sends("user:bob", "2");
  await relay.place.pass(1_000);
  assert.deepEqual(texts(store), ["1"]);
  assert.ok(relay.heard.at(-1)?.includes("unsubscribe"));
  assert.notEqual(one.open(CHANNEL), store);
});
