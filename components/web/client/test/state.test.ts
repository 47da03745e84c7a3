/** What surrounds the messages: threads, what is unread, who types, pins, names, whole texts, and the list of channels. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Channel, Message } from "../src/index.js";
import { client, opened, shown, texts } from "./fake_client.js";
import { CHANNEL, FakeRelay, ME } from "./fake_relay.js";

test("a thread is drawn apart, with what is sent in it, and its root counts each reply once", async () => {
  const relay = new FakeRelay(1);
  const root = relay.sends("user:bob", "root");
  const first = relay.sends("user:bob", "reply 1", undefined, { thread_id: root.id });
  const replies = (): Message[] => [...relay.messages.values()].filter(({ thread_id }) => thread_id === root.id);
  // What pages tell of a thread.
  relay.row = (message) => {
    const last_reply = replies().at(-1);
    if (message.id !== root.id || last_reply === undefined) return { ...message, reactions: [] };
    const thread = { reply_count: replies().length, last_reply, participants: [ME, "user:bob"].map((member_id) => ({ member_id })), is_following: true, unread_count: 0 } as unknown as NonNullable<Message["thread"]>;
    return { ...message, reactions: [], thread };
  };
  relay.responds = ({ pathname }) => (pathname.endsWith("/replies") ? replies().reverse() : undefined);
  const store = await opened(relay);
  assert.deepEqual(texts(store), ["root"]);
  const thread = store.thread(root.id);
  await relay.place.pass(100);
  assert.deepEqual([texts(thread), thread.hasOlder], [["reply 1"], false]);
  thread.send({ text: "reply 2" });
  assert.deepEqual([texts(thread), texts(store)], [["reply 1", "reply 2"], ["root"]]);
  await relay.place.pass(1_000);
  assert.deepEqual(shown(thread).map(({ state }) => state), ["sent", "sent"]);
  relay.sends("user:bob", "reply 3", undefined, { thread_id: root.id });
  await relay.place.pass(1_000);
  const summary = store.message(root.id)?.thread;
  assert.deepEqual([summary?.reply_count, summary?.last_reply.content_preview, summary?.unread_count], [3, "reply 3", 1]);
  relay.messages.delete(first.id);
  relay.logs({ type: "message.deleted", message: { ...first, deleted_at: "2026-01-01T00:00:00Z" } });
  await relay.place.pass(1_000);
  assert.deepEqual([texts(thread), store.message(root.id)?.thread?.reply_count], [["reply 2", "reply 3"], 2]);
  thread.close();
  relay.sends("user:bob", "reply 4", undefined, { thread_id: root.id });
  await relay.place.pass(1_000);
  assert.deepEqual(texts(thread), ["reply 2", "reply 3"]);
  assert.equal(store.message(root.id)?.thread?.reply_count, 3);
});

test("a thread that cannot be read says so to those who wait for it, and is read when it is asked for again", async () => {
  const relay = new FakeRelay(12);
  const root = relay.sends("user:bob", "root");
  const store = await opened(relay);
  relay.responds = ({ pathname }) => (pathname.endsWith("/replies") ? new Response("{}", { status: 403 }) : undefined);
  const thread = store.thread(root.id);
  await relay.place.pass(1_000);
  await assert.rejects(thread.ready, /http_403/);
  relay.responds = ({ pathname }) => (pathname.endsWith("/replies") ? [{ ...root, id: "r", seq: 9, content_preview: "reply", thread_id: root.id }] : undefined);
  const read = thread.older();
  await relay.place.pass(1_000);
  await read;
  assert.deepEqual(texts(thread), ["reply"]);
});

test("unread is what others wrote behind the marker, whoever tells it first", async () => {
  const relay = new FakeRelay(2);
  for (let n = 1; n <= 10; n += 1) relay.sends("user:bob", `${n}`);
  relay.responds = ({ pathname }) =>
    pathname.endsWith(CHANNEL) ? { id: CHANNEL, last_seq: relay.log.length, read_seq: 6, unread_count: 4, mention_count: 0, muted: false, marked_unread: false } : undefined;
  const store = await opened(relay);
  const unread = (): unknown[] => [store.unread.read_seq, store.unread.unread_count, store.unread.mention_count];
  assert.deepEqual(unread(), [6, 4, 0]);
  relay.sends("user:bob", "for me", undefined, { mentions: [ME] });
  relay.sends("user:bob", "for all, in a thread", undefined, { mentions: ["room"], thread_id: "m1" });
  await relay.place.pass(1_000);
  assert.deepEqual(unread(), [6, 5, 2]);
  relay.messages.delete("m8");
  relay.logs({ type: "message.deleted", message: { id: "m8", thread_id: null, channel_id: CHANNEL } });
  await relay.place.pass(1_000);
  assert.deepEqual(unread(), [6, 4, 2]);
  relay.sends(ME, "from another device");
  await relay.place.pass(1_000);
  assert.deepEqual(unread(), [14, 0, 0]);
  relay.sends("user:bob", "new");
  await relay.place.pass(1_000);
  assert.deepEqual(unread(), [14, 1, 0]);
  const frame = { type: "unread.updated", channel_id: CHANNEL, read_seq: 15, unread_count: 0, mention_count: 0, marked_unread: false, muted: true };
  relay.place.socket.says({ ...frame, updated_at: "2026-01-01T00:00:02Z" });
  relay.place.socket.says({ ...frame, muted: false, updated_at: "2026-01-01T00:00:01Z" });
  assert.deepEqual([...unread(), store.unread.muted], [15, 0, 0, true]);
});

test("counts go on where not everything that is unread is at hand, and end at 100", async () => {
  const relay = new FakeRelay(3);
  for (let n = 1; n <= 150; n += 1) relay.sends("user:bob", `${n}`);
  relay.responds = ({ pathname }) =>
    pathname.endsWith(CHANNEL) ? { id: CHANNEL, last_seq: relay.log.length, read_seq: 52, unread_count: 98, mention_count: 0 } : undefined;
  const store = await opened(relay, { messages: 10 });
  for (const wanted of [99, 100, 100]) {
    relay.sends("user:bob", "more");
    await relay.place.pass(500);
    assert.equal(store.unread.unread_count, wanted);
  }
});

test("a marker is told once a second at most, the last one, and shows at once", async () => {
  const relay = new FakeRelay(4);
  for (let n = 1; n <= 10; n += 1) relay.sends("user:bob", `${n}`);
  const told: unknown[] = [];
  relay.responds = ({ pathname }, { body }) => {
    if (pathname.endsWith(CHANNEL)) return { id: CHANNEL, last_seq: 10, read_seq: 0, unread_count: 10, mention_count: 0 };
    if (!pathname.endsWith("/read")) return undefined;
    const { seq } = JSON.parse(String(body)) as { seq: number };
    told.push(JSON.parse(String(body)));
    return { channel_id: CHANNEL, read_seq: seq, unread_count: 10 - seq, mention_count: 0, marked_unread: false, muted: false, updated_at: "2026-01-01T00:00:01Z" };
  };
  const store = await opened(relay);
  for (const seq of [2, 4, 3, 7]) store.markRead(seq);
  assert.deepEqual([store.unread.read_seq, store.unread.unread_count], [7, 3]);
  await relay.place.pass(5_000);
  assert.deepEqual(told, [{ seq: 2 }, { seq: 7 }]);
  store.markRead(undefined, { private: true });
  store.markRead();
  await relay.place.pass(5_000);
  assert.deepEqual(told.slice(2), [{ seq: 10, private: true }]);
  assert.equal(store.unread.unread_count, 0);
});

test("readers are those who show it, and who has sent", async () => {
  const relay = new FakeRelay(5);
  const store = await opened(relay);
  relay.place.socket.says({ type: "receipts", channel_id: CHANNEL, receipts: [{ member_id: "user:a", read_seq: 3 }, { member_id: ME, read_seq: 9 }] });
  relay.place.socket.says({ type: "receipt.updated", channel_id: CHANNEL, member_id: "user:b", read_seq: 5 });
  relay.place.socket.says({ type: "receipt.updated", channel_id: CHANNEL, member_id: "user:b", read_seq: 4 });
  relay.place.socket.says({ type: "receipt.updated", channel_id: CHANNEL, member_id: "user:a", read_seq: 9, thread_id: "m1" });
  relay.sends("user:c", "1");
  await relay.place.pass(1_000);
  assert.deepEqual([store.readers(1), store.readers(3), store.readers(5)], [["user:a", "user:b", "user:c"], ["user:a", "user:b"], ["user:b"]]);
});

test("who types is told, ends with their message, and is forgotten when nothing more is heard", async () => {
  const relay = new FakeRelay(6);
  const store = await opened(relay);
  const typing = (...member_ids: string[]): void => relay.place.socket.says({ type: "typing", channel_id: CHANNEL, member_ids });
  typing("user:bob", ME, "agent:sofia");
  assert.deepEqual(store.typists, ["user:bob", "agent:sofia"]);
  relay.sends("user:bob", "1");
  await relay.place.pass(1_000);
  assert.deepEqual(store.typists, ["agent:sofia"]);
  const keepAlive = relay.place.socket;
  keepAlive.heard = (text) => keepAlive.says(text === "ping" ? "pong" : "{}");
  await relay.place.pass(61_000);
  assert.deepEqual(store.typists, []);
  typing("user:bob");
  keepAlive.ends();
  assert.deepEqual(store.typists, []);
});

test("the caller's typing is told every few seconds, and ends by itself, by a message, or when it is said", async () => {
  const relay = new FakeRelay(7);
  const store = await opened(relay);
  const told = (): unknown[] => relay.heard.filter((text) => text.includes("typing")).map((text) => (JSON.parse(text) as { typing: { typing: boolean } }).typing.typing);
  for (let key = 0; key < 50; key += 1) {
    store.type();
    await relay.place.pass(100);
  }
  assert.deepEqual(told(), [true, true]);
  await relay.place.pass(10_000);
  assert.deepEqual(told(), [true, true, false]);
  store.type();
  store.send({ text: "x" });
  store.type();
  store.type(false);
  store.type(false);
  assert.deepEqual(told().slice(3), [true, false, true, false]);
});

test("pins are kept up to date once they were read", async () => {
  const relay = new FakeRelay(8);
  for (let n = 1; n <= 3; n += 1) relay.sends("user:bob", `${n}`);
  let pinned = ["m1"];
  relay.responds = ({ pathname }) => (pathname.endsWith("/pins") ? pinned.map((id) => relay.messages.get(id)) : undefined);
  const store = await opened(relay);
  const pins = (): unknown => store.pins?.map(({ id }) => id);
  assert.equal(pins(), undefined);
  void store.loadPins();
  await relay.place.pass(10);
  pinned = ["m1", "m2"];
  relay.logs({ type: "message.pinned", message_id: "m2", actor_id: "user:bob" });
  await relay.place.pass(1_000);
  assert.deepEqual(pins(), ["m1", "m2"]);
  relay.logs({ type: "message.deleted", message: { ...relay.messages.get("m1"), deleted_at: "x" } });
  await relay.place.pass(1_000);
  assert.deepEqual(pins(), ["m2"]);
});

test("names are those that people have now, and members those who are in or invited", async () => {
  const relay = new FakeRelay(9);
  relay.sends("user:gone", "1", undefined, { sender_name: "Gone" });
  const member = (id: string, more: object): object => ({ member_id: id, display_name: id, avatar_url: null, joined_at: "x", invited_at: null, left_at: null, ...more });
  relay.responds = ({ pathname }) => (pathname.endsWith("/members") ? [member("user:bob", {})] : undefined);
  const store = await opened(relay);
  relay.place.socket.says({ type: "profile.updated", channel_id: CHANNEL, member_id: "user:bob", display_name: "Bob", avatar_url: "mxc://s/b" });
  relay.logs({ type: "member.invited", member_id: "user:eve", member: member("user:eve", { joined_at: null, invited_at: "x" }) });
  relay.logs({ type: "member.left", member_id: "user:bob", member: member("user:bob", { left_at: "x" }) });
  await relay.place.pass(1_000);
  assert.deepEqual([...store.members.keys()], ["user:eve"]);
  assert.deepEqual(["user:gone", "user:bob", "user:eve", "user:x"].map((id) => store.name(id)?.display_name), ["Gone", "Bob", "user:eve", undefined]);
});

test("with content every message comes to its whole text, also after an edit", async () => {
  const relay = new FakeRelay(10);
  const whole = (message: Message): Message => ({ ...message, source: "matrix", text: `${message.content_preview}, whole`, formatted_body: null, content: {} });
  relay.sends("user:bob", "1");
  const pages: string[] = [];
  relay.row = (message) => whole(message);
  relay.responds = ({ pathname, search }) => void (pathname.endsWith("/messages") && pages.push(search));
  const store = await opened(relay, { content: true });
  for (let n = 2; n <= 9; n += 1) relay.sends("user:bob", `${n}`);
  await relay.place.pass(1_000);
  const whole9 = (): unknown[] => store.messages.map(({ text }) => text);
  assert.deepEqual(whole9(), Array.from({ length: 9 }, (_, n) => `${n + 1}, whole`));
  assert.ok(pages.length <= 9 && pages.every((search) => search.includes("include=content")), `${pages.length}`);
  const edited = { ...relay.messages.get("m3")!, content_preview: "three", edited_at: "2026-01-01T00:00:09Z" };
  relay.messages.set("m3", edited);
  relay.logs({ type: "message.updated", message: edited });
  await relay.place.pass(1_000);
  assert.equal(store.message("m3")?.text, "three, whole");
});

test("the list has what is unread and the last message of every channel, and follows memberships", async () => {
  const relay = new FakeRelay(11);
  relay.unreached = 0;
  relay.sends("user:bob", "1");
  const row = (id: string, more: object = {}): Channel =>
    ({ id, created_at: "2026-01-01T00:00:00Z", archived_at: null, last_seq: relay.log.length, read_seq: 1, unread_count: 0, mention_count: 0, muted: false, last_message: null, membership: { joined_at: "x" }, ...more }) as unknown as Channel;
  let rows = [row(CHANNEL), row("b", { last_seq: null, unread_count: 3, muted: true, mention_count: 1 }), row("c", { membership: null })];
  relay.responds = ({ pathname }) => {
    if (pathname.endsWith("/channels")) return rows;
    return rows.find(({ id }) => pathname.endsWith(`/channels/${id}`));
  };
  const one = client(relay);
  void one.channels.load();
  await relay.place.pass(1_000);
  assert.deepEqual([one.channels.isReady, one.channels.channels.map(({ id }) => id)], [true, [CHANNEL, "b"]]);
  assert.deepEqual(one.channels.total, { unread_count: 0, mention_count: 1 });
  relay.sends("user:bob", "2", undefined, { mentions: ["room"], created_at: "2026-01-02T00:00:00Z" });
  await relay.place.pass(1_000);
  const first = (): unknown[] => {
    const { last_message, unread_count, mention_count } = one.channels.channels[0]!;
    return [last_message?.content_preview, unread_count, mention_count];
  };
  assert.deepEqual(first(), ["2", 1, 1]);
  relay.sends(ME, "3", undefined, { created_at: "2026-01-03T00:00:00Z" });
  await relay.place.pass(1_000);
  assert.deepEqual(first(), ["3", 0, 0]);
  // Opened as well, it goes on in both.
  const store = one.open(CHANNEL);
  relay.place.after(0, () => relay.sends("user:bob", "4", undefined, { created_at: "2026-01-04T00:00:00Z" }));
  await relay.place.pass(2_000);
  assert.deepEqual([first()[0], texts(store).at(-1), one.channels.channels[0]?.unread_count], ["4", "4", 1]);
  rows = [...rows, row("d", { created_at: "2027-01-01T00:00:00Z" })];
  relay.place.socket.says({ type: "membership", channel_id: "d", seq: 2, event: { type: "member.invited" }, channel: row("d") });
  relay.place.socket.says({ type: "membership", channel_id: "b", seq: 2, event: { type: "member.kicked" } });
  await relay.place.pass(1_000);
  assert.deepEqual(one.channels.channels.map(({ id }) => id), ["d", CHANNEL]);
  relay.place.socket.says({ type: "unread.updated", channel_id: CHANNEL, read_seq: 4, unread_count: 0, mention_count: 0, marked_unread: true, muted: false, updated_at: "x" });
  assert.deepEqual([one.channels.get(CHANNEL)?.unread_count, one.channels.get(CHANNEL)?.marked_unread], [0, true]);
  // What happened while the connection was gone is read again.
  rows = [row(CHANNEL)];
  relay.cut();
  await relay.place.pass(60_000);
  assert.deepEqual(one.channels.channels.map(({ id }) => id), [CHANNEL]);
});

test("a list that is closed while it is to be read again connects no more", async () => {
  const relay = new FakeRelay(12);
  relay.unreached = 0;
  relay.responds = ({ pathname }) => (pathname.endsWith("/channels") ? [] : undefined);
  const one = client(relay);
  void one.channels.load();
  void one.channels.load();
  await relay.place.pass(1_000);
  const sockets = relay.place.sockets.length;
  one.close();
  await relay.place.pass(60_000);
  assert.deepEqual([relay.place.sockets.length, one.status, relay.place.socket.closed], [sockets, "closed", true]);
});

test("the list keeps what is written while it is read, and the caller's channels among very many others", async () => {
  const relay = new FakeRelay(13);
  relay.unreached = 0;
  relay.sends("user:bob", "1");
  const row = (id: string, more: object = {}): Channel =>
    ({ id, created_at: "2026-01-01T00:00:00Z", archived_at: null, last_seq: 1, read_seq: 1, unread_count: 0, mention_count: 0, last_message: null, membership: { joined_at: "x" }, ...more }) as unknown as Channel;
  const others = Array.from({ length: 1_000 }, (_, n) => row(`other ${n}`, { membership: null }));
  let slowness = 0;
  relay.responds = ({ pathname, searchParams }) => {
    if (!pathname.endsWith("/channels")) return undefined;
    const rows = searchParams.has("joined") ? [row(CHANNEL)] : others;
    return new Promise((resolve) => void relay.place.after(slowness, () => resolve(rows)));
  };
  const one = client(relay);
  void one.channels.load();
  await relay.place.pass(1_000);
  assert.deepEqual(one.channels.channels.map(({ id }) => id), [CHANNEL]);
  slowness = 5_000;
  void one.channels.load();
  await relay.place.pass(1_000);
  relay.sends("user:bob", "2");
  await relay.place.pass(20_000);
  const { last_message, last_seq, unread_count } = one.channels.channels[0]!;
  assert.deepEqual([last_message?.content_preview, last_seq, unread_count], ["2", 2, 1]);
});

test("the list has a channel that the caller comes into while it is open, of which the frame is the channel's own", async () => {
  const relay = new FakeRelay(14);
  relay.unreached = 0;
  relay.sends("user:bob", "1");
  const channel = { id: CHANNEL, created_at: "2026-01-01T00:00:00Z", archived_at: null, last_seq: 1, last_message: null };
  let membership: object | null = null;
  relay.responds = ({ pathname }) => {
    const row = { ...channel, last_seq: relay.log.length, membership };
    return pathname.endsWith("/channels") ? [row] : pathname.endsWith(CHANNEL) ? row : undefined;
  };
  const one = client(relay);
  void one.channels.load();
  one.open(CHANNEL);
  await relay.place.pass(1_000);
  const listed = (): string[] => one.channels.channels.map(({ id }) => id);
  assert.deepEqual(listed(), []);
  membership = { joined_at: "x" };
  relay.logs({ type: "member.joined", member_id: ME, member: { member_id: ME, joined_at: "x", left_at: null } });
  await relay.place.pass(1_000);
  assert.deepEqual(listed(), [CHANNEL]);
});
