/** The connection: when it is made again, and with which token. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { retryAfter } from "../src/stream/close.js";
import { ChannelStream } from "../src/channel.js";
import { link } from "../src/api/pages.js";
import { FakePlace } from "./fake_place.js";

const SECOND = 1_000;
const DAY = 24 * 3600;

function jwt(place: FakePlace, lifetime: number): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp: place.time / 1000 + lifetime, n: place.random() })}.x`;
}

/** A client that has everything up to number 4, what it was told, and how often it asked for a token. */
function client(place: FakePlace, lifetime = DAY) {
  const told: string[] = [];
  const tokens: string[] = [];
  const made = new ChannelStream(
    {
      relay: "ws://relay.test",
      api: "http://api.test",
      token: () => {
        tokens.push(jwt(place, lifetime));
        return tokens.at(-1) ?? "";
      },
      status: (status) => told.push(status),
      environment: place,
    },
    "c",
    { snapshot: () => told.push("snapshot"), event: () => undefined, lost: (why) => told.push(why) },
    { since: 4 },
  );
  return { made, told, tokens };
}

async function opened(place: FakePlace): Promise<void> {
  await place.pass(0);
  place.socket.opens();
}

test("it connects with its token and its number", async () => {
  const place = new FakePlace();
  const { tokens } = client(place);
  await opened(place);
  assert.equal(place.socket.address, "ws://relay.test/ws/messaging/c?since_seq=4");
  assert.deepEqual(place.socket.protocols, ["bearer", tokens[0]]);
});

test("pauses between attempts grow, are random, and have a bound", async () => {
  const place = new FakePlace(7);
  client(place);
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 40; attempt += 1) {
    await place.pass(0);
    const [count, failed] = [place.sockets.length, place.time];
    place.socket.ends();
    while (place.sockets.length === count) await place.pass(10);
    pauses.push(place.time - failed);
  }
  pauses.forEach((pause, n) => assert.ok(pause <= Math.min(30_000, 500 * 2 ** n) + 10, `${pause} after ${n}`));
  assert.ok(Math.max(...pauses) > 20_000 && new Set(pauses).size > 30);
});

test("the wait that the relay asks for is the wait", async () => {
  const place = new FakePlace();
  client(place);
  await opened(place);
  place.socket.ends(1001, "relay going away; retry_after=7.5");
  await place.pass(7_499);
  assert.equal(place.sockets.length, 1);
  await place.pass(1);
  assert.equal(place.sockets.length, 2);
});

test("a wait is read only where it stands, and has a bound", () => {
  assert.equal(retryAfter("try again; retry_after=2.4"), 2_400);
  assert.equal(retryAfter("x; retry_after=999999999"), 300_000);
  for (const reason of ["", "retry_after=2", "x; retry_after=", "x; retry_after=-1", "x; retry_after=2 minutes"]) {
    assert.equal(retryAfter(reason), undefined);
  }
});

test("a client that may not have the channel stops", async () => {
  for (const [code, why] of [
    [4403, "access_lost"],
    [4404, "channel_gone"],
    [4400, "refused"],
  ] as const) {
    const place = new FakePlace();
    const { told } = client(place);
    await opened(place);
    place.socket.ends(code);
    await place.pass(3600 * SECOND);
    assert.equal(place.sockets.length, 1);
    assert.deepEqual(told.slice(-2), ["closed", why]);
  }
});

test("a client that did too much is slow to come back", async () => {
  const place = new FakePlace();
  client(place);
  await opened(place);
  place.socket.ends(1008, "too many client messages");
  await place.pass(29 * SECOND);
  assert.equal(place.sockets.length, 1);
  await place.pass(31 * SECOND);
  assert.equal(place.sockets.length, 2);
});

test("a token that ended is replaced at once, and one that is not taken with pauses", async () => {
  const place = new FakePlace();
  const { tokens } = client(place);
  await opened(place);
  await place.pass(11 * SECOND);
  place.socket.says("pong");
  place.socket.ends(4401, "token ended");
  await place.pass(0);
  assert.equal(tokens.length, 2);
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const count = place.sockets.length;
    place.socket.opens();
    place.socket.ends(4401, "no valid token");
    while (place.sockets.length === count) await place.pass(10);
  }
  assert.equal(tokens.length, 10);
  assert.ok(place.time - place.sockets[1]!.at > 5 * SECOND, "it does not run hot");
});

test("a token that has no successor and is refused twice in a row is final", async () => {
  const place = new FakePlace();
  const told: string[] = [];
  const options = { relay: "ws://relay.test", api: "http://api.test", token: jwt(place, DAY), environment: place };
  const handlers = { snapshot: () => undefined, event: () => undefined, lost: (why: string) => told.push(why) };
  new ChannelStream({ ...options, status: (status) => told.push(status) }, "c", handlers, { since: 4 });
  const refused = async (after: number): Promise<void> => {
    await opened(place);
    place.socket.heard = () => place.socket.says("pong");
    await place.pass(after);
    place.socket.ends(4401, "no valid token");
  };
  const again = async (): Promise<void> => {
    const count = place.sockets.length;
    while (place.sockets.length === count) await place.pass(10);
  };
  await refused(0);
  await again();
  // A socket that lived in between says that the token is taken.
  await refused(11 * SECOND);
  await again();
  assert.ok(!told.includes("signed out"));
  await refused(0);
  await place.pass(3600 * SECOND);
  place.connect(false);
  place.connect(true);
  await place.pass(3600 * SECOND);
  assert.equal(place.sockets.length, 3);
  assert.equal(told.at(-1), "signed out");
});

test("a token is replaced before it ends", async () => {
  const place = new FakePlace();
  const { tokens } = client(place, 600);
  await opened(place);
  // Somebody answers its pings.
  place.socket.heard = () => place.socket.says("pong");
  await place.pass(479 * SECOND);
  assert.equal(place.sockets.length, 1);
  while (place.sockets.length === 1) await place.pass(SECOND);
  assert.ok(place.time - place.sockets[0]!.at < 541 * SECOND);
  assert.deepEqual(place.socket.protocols, ["bearer", tokens[1]]);
  assert.ok(place.sockets[0]!.closed);
});

test("a relay that says nothing is left", async () => {
  const place = new FakePlace();
  client(place);
  await opened(place);
  const first = place.socket;
  first.heard = (text) => first.says(text === "ping" ? "pong" : text);
  await place.pass(300 * SECOND);
  assert.equal(place.sockets.length, 1);
  first.heard = () => undefined;
  await place.pass(61 * SECOND);
  assert.ok(first.closed && place.sockets.length > 1);
});

test("a handshake that does not end is given up", async () => {
  const place = new FakePlace();
  client(place);
  await place.pass(0);
  await place.pass(17 * SECOND);
  assert.ok(place.sockets[0]!.closed && place.sockets.length === 2);
});

test("without a network nothing is tried, and with it soon", async () => {
  const place = new FakePlace();
  const { told } = client(place);
  await opened(place);
  place.connect(false);
  assert.ok(place.socket.closed && told.at(-1) === "offline");
  await place.pass(3600 * SECOND);
  assert.equal(place.sockets.length, 1);
  place.connect(true);
  await place.pass(1 * SECOND);
  assert.equal(place.sockets.length, 2);
});

test("what is closed stays closed", async () => {
  const place = new FakePlace();
  const { made, told } = client(place);
  await opened(place);
  made.close();
  place.socket.ends();
  place.connect(false);
  place.connect(true);
  await place.pass(3600 * SECOND);
  assert.equal(place.sockets.length, 1);
  assert.equal(told.at(-1), "closed");
});

test("a Link header is read by its relation", () => {
  const header = '</a?x=1>; rel="prev", </b?cursor=2>; rel="next"';
  assert.equal(link(header, "next"), "/b?cursor=2");
  assert.equal(link(header, "last"), undefined);
  assert.equal(link(null, "next"), undefined);
});
