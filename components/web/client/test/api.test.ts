/** Calls over REST: each is carried out once, however often it is tried, and fails in a way that programs understand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Api, NetworkError, ProblemError } from "../src/index.js";
import { Core } from "../src/options.js";
import { document } from "./contract.js";
import { FakePlace } from "./fake_place.js";

interface Request {
  address: string;
  init: RequestInit;
  at: number;
}

/** An API that responds with these, one after the other, and then with the last. */
function api(responses: (() => unknown)[], base = "https://api.test") {
  const requests: Request[] = [];
  const place: FakePlace = new FakePlace(1, (address, init) => {
    requests.push({ address, init, at: place.time });
    return (responses[requests.length - 1] ?? responses.at(-1))?.();
  });
  const tokens: string[] = [];
  const token = (): string => tokens[tokens.push(`t${tokens.length}`) - 1]!;
  const { api, media } = new Core({ api: base, relay: "wss://r.test", token, environment: place });
  return { api, media, place, requests, tokens };
}

const problem =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  (): Response =>
    new Response(JSON.stringify({ code, detail: "what to do", status, request_id: "r1", errors: [{ pointer: "/text", detail: "too long" }] }), { status, headers });
const good = (): unknown => ({ id: "m1" });
const keys = (requests: Request[]): (string | null)[] => requests.map(({ init }) => new Headers(init.headers).get("idempotency-key"));

/** What becomes of a call while time passes. */
async function outcome<T>(place: FakePlace, call: Promise<T>, milliseconds = 300_000): Promise<T | Error> {
  const settled = call.catch((error: unknown) => error as Error);
  await place.pass(milliseconds);
  return settled;
}

const HELP: [string, () => unknown][] = [
  ["no network", () => undefined],
  ["a body that breaks off", () => new Response(new ReadableStream({ start: (to) => to.error(new TypeError("cut")) }))],
  ["its first try still running", problem(409, "request_running", { "Retry-After": "1" })],
  ["too many of them", problem(429, "rate_limited", { "Retry-After": "3" })],
  ["a service that is away", problem(503, "unavailable", { "Retry-After": "2" })],
  ["a homeserver that fails", problem(502, "homeserver_failed")],
  ["a homeserver that is slow", problem(504, "homeserver_slow")],
];

for (const [what, fails] of HELP) {
  test(`a write is tried again after ${what}, as the same one`, async () => {
    const { api: one, place, requests } = api([fails, fails, good]);
    assert.deepEqual(await outcome(place, one.sendMessage("c", { text: "x" })), { id: "m1" });
    assert.equal(requests.length, 3);
    assert.equal(new Set(keys(requests)).size, 1);
    assert.ok(keys(requests)[0]);
    const response = fails();
    const asked = response instanceof Response ? Number(response.headers.get("retry-after") ?? 0) * 1_000 : 0;
    requests.slice(1).forEach(({ at }, n) => assert.ok(at - requests[n]!.at >= asked, `${at}`));
  });

  test(`a read is tried again after ${what}, and in the end not any more`, async () => {
    const { api: one, place, requests } = api([fails]);
    const error = await outcome(place, one.getChannel("c"));
    assert.ok(error instanceof ProblemError || error instanceof NetworkError, String(error));
    assert.equal(requests.length, 5);
  });
}

for (const [status, code] of [[400, "invalid_header"], [403, "cannot_write"], [404, "not_found"], [409, "channel_archived"], [422, "invalid"], [500, "internal"]] as const) {
  test(`what the service refuses with ${status} ${code} is thrown at once`, async () => {
    const { api: one, place, requests } = api([problem(status, code)]);
    const error = await outcome(place, one.sendMessage("c", { text: "x" }));
    assert.ok(error instanceof ProblemError);
    assert.deepEqual([error.status, error.code, error.detail, error.requestId], [status, code, "what to do", "r1"]);
    assert.deepEqual(error.errors, [{ pointer: "/text", detail: "too long" }]);
    assert.equal(requests.length, 1);
  });
}

test("two calls have two keys, and a key that is given is the key", async () => {
  const { api: one, place, requests } = api([good]);
  await outcome(place, one.sendMessage("c", { text: "x" }));
  await outcome(place, one.sendMessage("c", { text: "x" }));
  await outcome(place, one.sendMessage("c", { text: "x" }, { key: "mine" }));
  assert.equal(new Set(keys(requests)).size, 3);
  assert.equal(keys(requests)[2], "mine");
});

test("a wait of hours is the caller's affair", async () => {
  const { api: one, place, requests } = api([problem(429, "upload_quota_exceeded", { "Retry-After": "7200" })]);
  const error = await outcome(place, one.uploadFile("c", new Blob(["x"])));
  assert.ok(error instanceof ProblemError && error.retryAfter === 7200);
  assert.equal(requests.length, 1);
});

test("pauses without a wait that is asked for are random and have a bound", async () => {
  const gaps = new Set<number>();
  for (let call = 0; call < 3; call += 1) {
    const { api: one, place, requests } = api([() => undefined]);
    for (let n = 0; n < call; n += 1) place.random();
    await outcome(place, one.getChannel("c"));
    requests.slice(1).forEach(({ at }, n) => gaps.add(at - requests[n]!.at));
  }
  assert.ok(gaps.size > 8 && Math.max(...gaps) <= 5_000, [...gaps].join());
});

test("an attempt that nothing comes of is given up, and the call goes on", async () => {
  const { api: one, place, requests } = api([() => new Promise(() => undefined), good]);
  assert.deepEqual(await outcome(place, one.sendMessage("c", { text: "x" })), { id: "m1" });
  assert.ok(requests[1]!.at - requests[0]!.at >= 30_000);
  assert.equal(new Set(keys(requests)).size, 1);
});

test("a call ends with its signal, on its way and in its pauses", async () => {
  for (const first of [(): unknown => new Promise(() => undefined), (): unknown => undefined]) {
    const { api: one, place, requests } = api([first]);
    const abort = new AbortController();
    const call = outcome(place, one.getChannel("c", { signal: abort.signal }), 50);
    await place.pass(1);
    abort.abort(new Error("enough"));
    const error = await call;
    assert.equal((error as Error).message, "enough");
    const asked = requests.length;
    await place.pass(300_000);
    assert.equal(requests.length, asked);
  }
});

test("a token that is not taken is asked for anew once", async () => {
  const { api: one, place, requests, tokens } = api([problem(401, "unauthenticated"), good]);
  assert.deepEqual(await outcome(place, one.getChannel("c")), { id: "m1" });
  assert.deepEqual(requests.map(({ init }) => new Headers(init.headers).get("authorization")), ["Bearer t0", "Bearer t1"]);
  const refused = api([problem(401, "unauthenticated")]);
  const error = await outcome(refused.place, refused.api.getChannel("c"));
  assert.ok(error instanceof ProblemError && error.status === 401);
  assert.deepEqual([refused.requests.length, refused.tokens.length, tokens.length], [2, 2, 2]);
});

test("typing is of the moment and not tried again", async () => {
  const { api: one, place, requests } = api([() => undefined]);
  assert.ok((await outcome(place, one.setTyping("c", true))) instanceof NetworkError);
  assert.equal(requests.length, 1);
});

test("a page of a proxy is a problem as well", async () => {
  const { api: one, place } = api([() => new Response("<h1>no</h1>", { status: 403, headers: { "X-Request-Id": "r2" } })]);
  const error = await outcome(place, one.getChannel("c"));
  assert.ok(error instanceof ProblemError && error.code === "http_403" && error.requestId === "r2" && error.isFinal);
});

for (const [base, link, wanted] of [
  ["https://api.test", "/api/messaging/channels?cursor=2", "https://api.test/api/messaging/channels?cursor=2"],
  ["https://api.test/chat/", "/api/messaging/channels?cursor=2", "https://api.test/chat/api/messaging/channels?cursor=2"],
  ["https://api.test/chat", "https://api.test/chat/api/messaging/channels?cursor=2", "https://api.test/chat/api/messaging/channels?cursor=2"],
  ["https://api.test", "https://evil.test/api/messaging/channels?cursor=2", "https://api.test/api/messaging/channels?cursor=2"],
] as const) {
  test(`pages of ${base} go on at ${link}`, async () => {
    const page = (items: unknown[], next?: string) => () =>
      new Response(JSON.stringify(items), { headers: next === undefined ? {} : { Link: `<${next}>; rel="next"` } });
    const { api: one, place, requests } = api([page([1, 2], link), page([3])], base);
    const read = async (): Promise<unknown[]> => {
      const items: unknown[] = [];
      for await (const item of one.listChannels({ order: "activity" })) items.push(item);
      return items;
    };
    assert.deepEqual(await outcome(place, read()), [1, 2, 3]);
    assert.equal(requests[1]!.address, wanted);
    assert.ok(requests[0]!.address.endsWith("/api/messaging/channels?order=activity"));
  });
}

test("an upload tells how far it has come, and its type and name", async () => {
  const { api: one, place, requests } = api([good]);
  const told: number[][] = [];
  const file = new Blob(["four"], { type: "text/plain" });
  await outcome(place, one.uploadFile("c", file, { filename: "a b.txt", progress: (...at) => told.push(at) }));
  assert.deepEqual(told, [[4, 4]]);
  assert.ok(requests[0]!.address.endsWith("/api/messaging/channels/c/files?filename=a+b.txt"));
  assert.equal(new Headers(requests[0]!.init.headers).get("content-type"), "text/plain");
  assert.ok(keys(requests)[0]);
});

test("addresses of media are asked for together, kept, and asked for anew before they end", async () => {
  let place: FakePlace | undefined;
  const sign = (): unknown => {
    const { content_uris } = JSON.parse(String(requests.at(-1)!.init.body)) as { content_uris: string[] };
    const expires_at = new Date(place!.time + 600_000).toISOString();
    return { urls: content_uris.map((uri) => ({ content_uri: uri, url: `/m/${uri.slice(-1)}?s=${requests.length}`, thumbnail_url: `/t/${uri.slice(-1)}?s=1`, expires_at })) };
  };
  const made = api([sign]);
  const { media, requests } = made;
  place = made.place;
  const urls = Promise.all([media.url("mxc://s/a"), media.url("mxc://s/b"), media.url("mxc://s/a"), media.thumbnail("mxc://s/b", { width: 32, height: 16, method: "crop" })]);
  assert.deepEqual(await outcome(place, urls, 10), [
    "https://api.test/m/a?s=1",
    "https://api.test/m/b?s=1",
    "https://api.test/m/a?s=1",
    "https://api.test/t/b?s=1&width=32&height=16&method=crop",
  ]);
  assert.equal(requests.length, 1);
  await place.pass(300_000);
  await outcome(place, media.url("mxc://s/a"), 10);
  assert.equal(requests.length, 1);
  await place.pass(200_000);
  assert.equal(await outcome(place, media.url("mxc://s/a"), 10), "https://api.test/m/a?s=2");
});

interface OpenApi {
  paths: Record<string, Record<string, { operationId?: string }>>;
}

/** The arguments behind the names of a path, where that is not only a body or a query. */
const MORE: Record<string, unknown[]> = {
  muteChannel: ["c", true],
  setTyping: ["c", true],
  uploadFile: ["c", new Blob(["x"])],
  downloadMedia: ["mxc://s/m"],
  downloadThumbnail: ["mxc://s/m", { width: 1, height: 1 }],
  signMediaUrl: ["mxc://s/m"],
  signMediaUrls: [["mxc://s/m"]],
  joinChannel: ["c"],
};

test("every operation for clients has its method, and goes where the document says", async () => {
  const { paths } = document("openapi") as OpenApi;
  let count = 0;
  for (const [path, item] of Object.entries(paths).filter(([path]) => path.startsWith("/api/messaging/"))) {
    for (const [method, { operationId }] of Object.entries(item)) {
      if (operationId === undefined) continue;
      const { api: one, place, requests } = api([() => new Response("[]")]);
      const call = one[operationId as keyof Api] as unknown as (...given: unknown[]) => Promise<unknown> & { first?: () => Promise<unknown> };
      assert.equal(typeof call, "function", operationId);
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
      const made = call.apply(one, MORE[operationId] ?? [...names, {}, {}]);
      await outcome(place, made.first === undefined ? made : made.first(), 10);
      const wanted = new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
      const sent = requests[0]!;
      assert.match(new URL(sent.address).pathname, wanted, operationId);
      assert.equal((sent.init.method ?? "GET").toLowerCase(), method, operationId);
      count += 1;
    }
  }
  assert.ok(count >= 40, `${count}`);
});

